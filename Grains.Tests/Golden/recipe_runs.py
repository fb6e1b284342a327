#!/usr/bin/env python3
"""Whole runs of training recipes in PyTorch, float64: recipe-runs.json, which RecipeRunGoldenTests reads.

Inputs and initial weights are the closed formulas of GoldenCase, whose task "average" these runs train on.
Usage: recipe_runs.py > recipe-runs.json
"""
import json
import math

import torch
from torch import nn

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
INPUTS, HIDDEN, OUTPUTS, LANES, CHUNK, LENGTH, SEED = 4, 6, 2, 3, 5, 25, 11
MASK = (1 << 64) - 1


def noise(i):
    """splitmix64's top 53 bits in [-1, 1), as a float32."""
    z = (i * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) / float(1 << 52) - 1


def single(value):
    return torch.tensor(value, dtype=torch.float32).double()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(INPUTS, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, OUTPUTS)
        with torch.no_grad():
            for p, weight in enumerate(self.parameters()):
                flat = weight.view(-1)
                for j in range(flat.numel()):
                    flat[j] = single(noise(7_000_000_007 + p * 1_000_003 + j) / math.sqrt(HIDDEN))


x = torch.stack([torch.stack([single([noise(SEED * 1_000_003 + (s * 100_003 + t) * INPUTS + f) for f in range(INPUTS)])
                              for t in range(LENGTH)]) for s in range(LANES)])
y = single((x[..., :OUTPUTS] + x[..., OUTPUTS:].roll(1, -1)).tolist())


def run(name, sets, lr, epochs, accumulate=1, clip=None, value=None, decay=None, window=None):
    net = Net()
    parameters = list(net.parameters())
    optimizer = torch.optim.SGD(parameters, lr=lr)
    average = None if decay is None else torch.optim.swa_utils.AveragedModel(net, avg_fn=lambda a, p, n: decay * a + (1 - decay) * p)
    losses, epoch_losses = [], []
    for _ in range(epochs):
        state, total, chunks = None, 0.0, range(0, LENGTH, CHUNK)
        pending, weight = 0, 0
        for i, start in enumerate(chunks):
            out, state = net.rnn(x[:, start:start + CHUNK], state)
            state = tuple(part.detach() for part in state)
            target = y[:, start:start + CHUNK]
            loss = ((net.head(out) - target) ** 2).sum()
            loss.backward()
            losses.append(loss.item() / target.numel())
            total += loss.item()
            pending, weight = pending + 1, weight + target.numel()
            if pending < accumulate and i + 1 < len(chunks):
                continue
            for parameter in parameters:
                parameter.grad /= weight
            if clip is not None:
                nn.utils.clip_grad_norm_(parameters, clip)
            if value is not None:
                nn.utils.clip_grad_value_(parameters, value)
            optimizer.step()
            optimizer.zero_grad()
            pending, weight = 0, 0
            if average is not None:
                average.update_parameters(net)
        loss = total / y.numel()
        if window is not None and isinstance(optimizer, torch.optim.SGD) and len(epoch_losses) > window \
                and loss > min(epoch_losses[:-window] if window else epoch_losses):
            optimizer = torch.optim.ASGD(parameters, lr=lr, t0=0, lambd=0.0)
            began = len(epoch_losses) + 1
        epoch_losses.append(loss)
    model = [p.detach() for p in parameters]
    figures = {}
    if average is not None:
        model = [p.detach() for p in average.module.parameters()]
    if window is not None:
        model = [optimizer.state[p]["ax"] for p in parameters]  # It has begun.
        figures["began"] = began
    return {
        "case": {"name": name, "task": "average", "seed": SEED, "cell": "lstm", "layers": 1, "inputSize": INPUTS, "hiddenSize": HIDDEN,
                 "outputSize": OUTPUTS, "lanes": LANES, "chunkLength": CHUNK, "lengths": [LENGTH] * LANES, "epochs": epochs,
                 "optimizer": {"name": "sgd", "lr": lr}},
        "sets": sets, **figures, "stepLoss": losses, "epochLoss": epoch_losses,
        "finalWeights": {n: p.flatten().tolist() for (n, _), p in zip(net.named_parameters(), model)},
    }


cases = [
    run("accumulate", ["train.accumulate=2"], 0.5, 3, accumulate=2),
    run("accumulate-epoch", ["train.accumulate=9", "train.clipNorm=0.1"], 0.5, 4, accumulate=9, clip=0.1),
    run("clip-value", ["train.clipValue=0.01"], 0.5, 3, value=0.01),
    run("clip-both", ["train.clipNorm=0.2", "train.clipValue=0.02"], 0.5, 3, clip=0.2, value=0.02),
    run("ema", ["train.ema={decay: 0.9}", "train.output=ema"], 0.5, 3, decay=0.9),
    run("asgd", ["train.optimizer.average={window: 1}"], 1.2, 7, window=1),
]
lines = ",\n".join(f"  {json.dumps(one)}" for one in cases)
print(f"{{\n \"torch\": \"{torch.__version__}\",\n \"cases\": [\n{lines}\n ]\n}}")
