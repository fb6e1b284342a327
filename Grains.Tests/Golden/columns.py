#!/usr/bin/env python3
"""Chunked TBPTT with embeddings of columns in stock PyTorch, in float64: columns.json, which the golden tests read.

A table of three series. Inputs of row t are x of row t, k of row t + 1 (known ahead), the store (one a series) and the day of row t + 1, the
latter two as vectors of torch.nn.Embedding, whose row 0 is <unknown>; the target is y of row t + 1.

Usage: columns.py > columns.json
"""
import json
import sys

import torch
from torch import nn

from chunked import f32, noise, plan, set_weights

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

CASE = dict(name="columns", task="columns", seed=6, cell="lstm", layers=1, inputSize=7, hiddenSize=8, outputSize=1, lanes=2,
            chunkLength=5, rows=[16, 10, 13], days=3, stores=3, storeSize=3, daySize=2, epochs=3, clipNorm=0.5,
            optimizer=dict(name="adam", lr=5e-3))


def rows(c, s):
    """x, k, y and the numbers of store and day of each row of series s."""
    for t in range(c["rows"][s]):
        x, k = (f32(noise(c["seed"] * 1_000_003 + (s * 100_003 + t) * 2 + f)) for f in range(2))
        yield x, k, f32(0.5 * x + 0.25 * k + 0.125 * s), 1 + s, 1 + t % c["days"]


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embedding = nn.ModuleDict({"store": nn.Embedding(1 + c["stores"], c["storeSize"]),
                                        "day": nn.Embedding(1 + c["days"], c["daySize"])})
        self.rnn = nn.LSTM(c["inputSize"], c["hiddenSize"], batch_first=True)
        self.head = nn.Linear(c["hiddenSize"], c["outputSize"])
        set_weights(self, c["hiddenSize"])

    def forward(self, values, store, day, state):
        y, state = self.rnn(torch.cat([values, self.embedding["store"](store), self.embedding["day"](day)], -1), state)
        return self.head(y), state


def run(c):
    net = Net(c)
    parameters = list(net.parameters())
    optimizer = torch.optim.Adam(parameters, lr=c["optimizer"]["lr"])
    data = []
    for s in range(len(c["rows"])):
        x, k, y, store, day = zip(*rows(c, s))
        data.append((torch.tensor([x[:-1], k[1:]]).T, torch.tensor(store[:-1]), torch.tensor(day[1:]), torch.tensor(y[1:]).unsqueeze(-1)))
    lanes, hidden = c["lanes"], c["hiddenSize"]
    steps = plan([len(d[3]) for d in data], lanes, c["chunkLength"])
    losses, norms, epochs = [], [], []
    for _ in range(c["epochs"]):
        h, cell = torch.zeros(1, lanes, hidden), torch.zeros(1, lanes, hidden)
        epoch_sum = epoch_weight = 0.0
        for step in steps:
            keep = torch.tensor([0.0 if e is None or e[3] else 1.0 for e in step]).view(1, lanes, 1)
            h, cell, total, weight = h * keep, cell * keep, 0.0, 0
            for lane, e in enumerate(step):
                if e is None:
                    continue
                s, start, n, _ = e
                values, store, day, y = (part[start:start + n].unsqueeze(0) for part in data[s])
                at = slice(lane, lane + 1)
                out, state = net(values, store, day, (h[:, at].contiguous(), cell[:, at].contiguous()))
                total, weight = total + ((out - y) ** 2).sum(), weight + n
                h, cell = h.clone(), cell.clone()
                h[:, at], cell[:, at] = state[0].detach(), state[1].detach()
            loss = total / weight
            optimizer.zero_grad()
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(parameters, c["clipNorm"]).item())
            optimizer.step()
            losses.append(loss.item())
            epoch_sum, epoch_weight = epoch_sum + total.item(), epoch_weight + weight
        epochs.append(epoch_sum / epoch_weight)
    return {"case": c, "torch": torch.__version__, "stepsPerEpoch": len(steps), "stepLoss": losses,
            "gradientNormBeforeClip": norms, "epochLoss": epochs, "finalHidden": h.flatten().tolist(),
            "finalWeights": {name: w.detach().flatten().tolist() for name, w in net.named_parameters()}}


json.dump(run(CASE), sys.stdout, indent=0)
