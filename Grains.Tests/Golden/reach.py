#!/usr/bin/env python3
"""Gradients that reach back over whole sequences, of layers in one direction and in both, and over windows, and burn-ins, in stock PyTorch,
in float64: full-*.json, window-*.json and burn-in.json, which the golden tests read.

A step takes of each lane a whole sequence, or a chunk with the chunks before it in its window, from the hidden state that was kept at the
window's start, lane by lane; the loss sum over the newest chunks, less a burn-in, is divided by its elements and backpropagated in one graph.
Inputs, targets and initial weights are the closed formulas that GoldenCase writes.

Usage: reach.py DIRECTORY
"""
import json
import math
import sys

import torch
from torch import nn
from torch.nn import functional

from chunked import f32, noise, plan, set_weights

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
    dict(name="full-both-lstm", task="average", seed=19, cell="lstm", layers=2, inputSize=4, hiddenSize=6, outputSize=2, lanes=3,
         chunkLength=6, bidirectional=True, lengths=[20, 5, 33, 7, 14, 1, 28, 9], epochs=2, clipNorm=0.5,
         optimizer=dict(name="adam", lr=3e-3)),
    dict(name="full-both-gru", task="average", seed=20, cell="gru", layers=1, inputSize=4, hiddenSize=5, outputSize=2, lanes=2,
         chunkLength=6, bidirectional=True, lengths=[12, 3, 30, 8], epochs=2, optimizer=dict(name="sgd", lr=0.1, momentum=0.9)),
    dict(name="full-both-tokens", task="tokens", seed=21, cell="rnn", layers=2, vocabulary=11, inputSize=5, hiddenSize=6, outputSize=11,
         lanes=3, chunkLength=7, bidirectional=True, tokens=181, epochs=3, clipNorm=0.25, optimizer=dict(name="adam", lr=2e-3)),
    dict(name="window-lstm", task="average", seed=15, cell="lstm", layers=2, inputSize=4, hiddenSize=6, outputSize=2, lanes=3, chunkLength=5,
         window=15, lengths=[20, 5, 33, 7, 14, 1, 28, 9], epochs=2, clipNorm=0.5, optimizer=dict(name="adam", lr=3e-3)),
    dict(name="window-gru", task="average", seed=16, cell="gru", layers=1, inputSize=4, hiddenSize=7, outputSize=2, lanes=2, chunkLength=4,
         window=8, burnIn=3, lengths=[21, 13, 30, 8], epochs=2, optimizer=dict(name="sgd", lr=0.1, momentum=0.9)),
    dict(name="window-tokens", task="tokens", seed=17, cell="rnn", layers=1, vocabulary=11, inputSize=5, hiddenSize=6, outputSize=11,
         lanes=3, chunkLength=7, window=14, tokens=181, epochs=2, clipNorm=0.25, optimizer=dict(name="adam", lr=2e-3)),
    dict(name="burn-in", task="average", seed=18, cell="lstm", layers=1, inputSize=4, hiddenSize=7, outputSize=2, lanes=3, chunkLength=6,
         burnIn=5, lengths=[20, 5, 33, 7, 14, 1, 28, 9], epochs=2, optimizer=dict(name="adam", lr=3e-3)),
]


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
        self.rnn = rnn(c["inputSize"], c["hiddenSize"], num_layers=c["layers"], batch_first=True, bidirectional="bidirectional" in c)
        self.head = nn.Linear(c["hiddenSize"] * (2 if "bidirectional" in c else 1), c["outputSize"])
        set_weights(self, c["hiddenSize"])

    def forward(self, x, state):
        y, state = self.rnn(self.embedding(x), state)
        return self.head(y), state


def run(c):
    net, data, o = Net(c), sequences(c), c["optimizer"]
    parameters = list(net.parameters())
    rule = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop}[o["name"]]
    optimizer = rule(parameters, **{key: value for key, value in o.items() if key != "name"})
    losses, norms, epochs = [], [], []
    k = max(len(x) for x, _ in data) if c["name"].startswith("full") else c["chunkLength"]
    earlier, burn_in = c.get("window", k) // k - 1, c.get("burnIn", 0)
    for _ in range(c["epochs"]):
        epoch_sum = epoch_weight = 0.0
        starts = [[] for _ in range(c["lanes"])]
        for step in plan([len(x) for x, _ in data], c["lanes"], k):
            total, weight, hidden = torch.zeros(()), 0, torch.zeros(c["layers"], c["lanes"], c["hiddenSize"])
            for lane, entry in enumerate(step):
                if entry is None:
                    continue
                s, start, length, _ = entry
                if start == 0:
                    starts[lane] = [None]
                back = min(earlier, len(starts[lane]) - 1)
                first = start - back * k
                x, y = (part[first:start + length] for part in data[s])
                out, state = net(x.unsqueeze(0), starts[lane][-1 - back])
                state = tuple(one.detach() for one in state) if isinstance(state, tuple) else state.detach()
                starts[lane].append(state)
                if "bidirectional" not in c:
                    hidden[:, lane] = (state[0] if isinstance(state, tuple) else state)[:, 0]
                counted = min(max(start, burn_in), start + length) - first
                out, y = out[0, counted:], y[counted:]
                one = functional.cross_entropy(out, y, reduction="sum") if c["task"] == "tokens" else ((out - y) ** 2).sum()
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
    return {"case": c, "torch": torch.__version__, "stepLoss": losses, "gradientNormBeforeClip": norms,
            "epochLoss": epochs, "finalHidden": hidden.flatten().tolist(),
            "finalWeights": {name: w.detach().flatten().tolist() for name, w in net.named_parameters()}}


for case in CASES:
    with open(f"{sys.argv[1]}/{case['name']}.json", "w", encoding="utf-8") as file:
        json.dump(run(case), file, indent=0)
