#!/usr/bin/env python3
"""Backpropagation through whole sequences in stock PyTorch, in float64: full-*.json, which the golden tests read.

A step takes a whole sequence of each lane, of unlike lengths, lane by lane; the loss sum over all of them is divided by its elements and
backpropagated in one graph. Inputs, targets and initial weights are the closed formulas that GoldenCase writes.

Usage: full.py DIRECTORY
"""
import json
import math
import sys

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

CASES = [
    dict(name="full-lstm", task="average", seed=11, cell="lstm", layers=1, inputSize=4, hiddenSize=7, outputSize=2, lanes=3, chunkLength=6,
         lengths=[20, 5, 33, 7, 14, 1, 28, 9], epochs=2, clipNorm=0.5, optimizer=dict(name="adam", lr=3e-3)),
    dict(name="full-gru", task="average", seed=12, cell="gru", layers=2, inputSize=4, hiddenSize=6, outputSize=2, lanes=3, chunkLength=6,
         lengths=[20, 5, 33, 7, 14, 1, 28, 9], epochs=2, clipNorm=0.05, optimizer=dict(name="sgd", lr=0.1, momentum=0.9)),
    dict(name="full-rnn", task="average", seed=13, cell="rnn", layers=2, inputSize=2, hiddenSize=6, outputSize=1, lanes=2, chunkLength=5,
         lengths=[12, 30, 8], epochs=2, optimizer=dict(name="rmsprop", lr=1e-3)),
    dict(name="full-tokens", task="tokens", seed=14, cell="lstm", layers=2, vocabulary=11, inputSize=5, hiddenSize=6, outputSize=11,
         lanes=3, chunkLength=7, tokens=181, epochs=3, clipNorm=0.25, optimizer=dict(name="adam", lr=2e-3)),
]


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


def sequences(c):
    if c["task"] == "tokens":
        n, v = c["tokens"], c["vocabulary"]
        text = [int((noise(c["seed"] * 1_000_003 + i) + 1) * 0.5 * v) if i % 3 else i // 3 % v for i in range(n)]
        row = (n - 1) // c["lanes"]
        return [(torch.tensor(text[r * row:(r + 1) * row]), torch.tensor(text[r * row + 1:(r + 1) * row + 1])) for r in range(c["lanes"])]
    features = c["inputSize"]
    found = []
    for s, length in enumerate(c["lengths"]):
        x = torch.tensor([[f32(noise(c["seed"] * 1_000_003 + (s * 100_003 + t) * features + f)) for f in range(features)]
                          for t in range(length)])
        top, bottom = x.chunk(2, -1)
        found.append((x, top + bottom.roll(shifts=1, dims=-1)))
    return found


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embedding = nn.Embedding(c["vocabulary"], c["inputSize"]) if c["task"] == "tokens" else nn.Identity()
        rnn = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[c["cell"]]
        self.rnn = rnn(c["inputSize"], c["hiddenSize"], num_layers=c["layers"], batch_first=True)
        self.head = nn.Linear(c["hiddenSize"], c["outputSize"])
        with torch.no_grad():
            for p, w in enumerate(self.parameters()):
                for j in range(w.numel()):
                    w.view(-1)[j] = f32(noise(7_000_000_007 + p * 1_000_003 + j) / math.sqrt(c["hiddenSize"]))

    def forward(self, x):
        y, state = self.rnn(self.embedding(x))
        return self.head(y), state[0] if isinstance(state, tuple) else state


def plan(c, count):
    """Sequences in order, each to the lane that is free first: one step each."""
    steps, free = [], [0] * c["lanes"]
    for s in range(count):
        lane = min(range(c["lanes"]), key=lambda i: (free[i], i))
        if free[lane] == len(steps):
            steps.append([None] * c["lanes"])
        steps[free[lane]][lane] = s
        free[lane] += 1
    return steps


def run(c):
    net, data, o = Net(c), sequences(c), c["optimizer"]
    parameters = list(net.parameters())
    rule = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop}[o["name"]]
    optimizer = rule(parameters, **{key: value for key, value in o.items() if key != "name"})
    losses, norms, epochs = [], [], []
    for _ in range(c["epochs"]):
        epoch_sum = epoch_weight = 0.0
        for step in plan(c, len(data)):
            total, weight, hidden = torch.zeros(()), 0, torch.zeros(c["layers"], c["lanes"], c["hiddenSize"])
            for lane, s in enumerate(step):
                if s is None:
                    continue
                x, y = data[s]
                out, h = net(x.unsqueeze(0))
                hidden[:, lane] = h[:, 0].detach()
                one = functional.cross_entropy(out[0], y, reduction="sum") if c["task"] == "tokens" else ((out[0] - y) ** 2).sum()
                total, weight = total + one, weight + (len(y) if c["task"] == "tokens" else y.numel())
            optimizer.zero_grad()
            (total / weight).backward()
            norms.append(math.sqrt(sum((p.grad ** 2).sum().item() for p in parameters)))
            if "clipNorm" in c:
                nn.utils.clip_grad_norm_(parameters, c["clipNorm"])
            optimizer.step()
            losses.append(total.item() / weight)
            epoch_sum, epoch_weight = epoch_sum + total.item(), epoch_weight + weight
        epochs.append(epoch_sum / epoch_weight)
    return {"case": {**c, "backprop": "full"}, "torch": torch.__version__, "stepLoss": losses, "gradientNormBeforeClip": norms,
            "epochLoss": epochs, "finalHidden": hidden.flatten().tolist(),
            "finalWeights": {name: w.detach().flatten().tolist() for name, w in net.named_parameters()}}


for case in CASES:
    with open(f"{sys.argv[1]}/{case['name']}.json", "w", encoding="utf-8") as file:
        json.dump(run(case), file, indent=0)
