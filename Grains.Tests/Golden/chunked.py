"""What the scripts of chunked training share: the numbers of their inputs and initial weights, and the chunk plan."""
import math

import torch


def noise(i):
    """A number in [-1, 1) from an integer: splitmix64, top 53 bits."""
    m = (1 << 64) - 1
    z = (i * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & m
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & m
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & m
    z ^= z >> 31
    return (z >> 11) / float(1 << 52) - 1.0


def f32(v):
    return torch.tensor(v, dtype=torch.float32).double().item()


def set_weights(net, hidden):
    """The initial weights that GoldenCase writes, parameter by parameter."""
    with torch.no_grad():
        for p, w in enumerate(net.parameters()):
            for j in range(w.numel()):
                w.view(-1)[j] = f32(noise(7_000_000_007 + p * 1_000_003 + j) / math.sqrt(hidden))


def plan(lengths, lanes, k):
    """Sequences in order, each to the lane that is free first, chunk after chunk: (sequence, start, length, is first) or None."""
    free, steps = [0] * lanes, {}
    for s, length in enumerate(lengths):
        lane = min(range(lanes), key=lambda i: (free[i], i))
        for j in range(math.ceil(length / k)):
            steps.setdefault(free[lane] + j, [None] * lanes)[lane] = (s, j * k, min(k, length - j * k), j == 0)
        free[lane] += math.ceil(length / k)
    return [steps[i] for i in range(len(steps))]
