#!/usr/bin/env python3
"""Chunked TBPTT of a head with outputs for several rows ahead in stock PyTorch, in float64: horizons.json, which the golden tests read.

A table of three series. Inputs of row t are x and y of row t; targets are y of rows t + 1 to t + 4, then x of rows t + 1 to t + 4. Rows behind
the end of a series have no target: they are left out of the loss, and of what it is divided by.

Usage: horizons.py > horizons.json
"""
import json
import math
import sys

import torch
from torch import nn

from chunked import f32, noise, plan, set_weights

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

CASE = dict(name="horizons", task="horizons", seed=8, cell="lstm", layers=1, inputSize=2, hiddenSize=8, outputSize=8, lanes=2,
            chunkLength=5, rows=[17, 9, 14], horizons=4, epochs=3, clipNorm=0.5, optimizer=dict(name="adam", lr=5e-3))


def series(c, s):
    """x and y of each row."""
    return torch.tensor([[f32(noise(c["seed"] * 1_000_003 + (s * 100_003 + t) * 2 + f)) for f in range(2)] for t in range(c["rows"][s])])


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.rnn = nn.LSTM(c["inputSize"], c["hiddenSize"], batch_first=True)
        self.head = nn.Linear(c["hiddenSize"], c["outputSize"])
        set_weights(self, c["hiddenSize"])

    def forward(self, values, state):
        y, state = self.rnn(values, state)
        return self.head(y), state


def run(c):
    net = Net(c)
    parameters = list(net.parameters())
    optimizer = torch.optim.Adam(parameters, lr=c["optimizer"]["lr"])
    data, ahead = [], c["horizons"]
    for s in range(len(c["rows"])):
        rows = series(c, s)
        padded = torch.cat([rows, torch.full((ahead, 2), math.nan)])
        targets = torch.stack([torch.stack([padded[t + 1 + h, column] for column in (1, 0) for h in range(ahead)])
                               for t in range(len(rows) - 1)])
        data.append((rows[:-1], targets))
    lanes, hidden = c["lanes"], c["hiddenSize"]
    steps = plan([len(d[1]) for d in data], lanes, c["chunkLength"])
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
                values, y = (part[start:start + n].unsqueeze(0) for part in data[s])
                at = slice(lane, lane + 1)
                out, state = net(values, (h[:, at].contiguous(), cell[:, at].contiguous()))
                known = ~torch.isnan(y)
                total, weight = total + ((out - y)[known] ** 2).sum(), weight + known.sum().item()
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
