#!/usr/bin/env python3
"""Learning rates of torch.optim.lr_scheduler, step by step: schedules.json, which ScheduleGoldenTests reads.

Usage: schedules.py > schedules.json
"""
import json
import warnings

import torch
from torch.optim import lr_scheduler as s

warnings.simplefilter("ignore")  # The optimizer makes no steps.
LR = 0.003


def rates(make, steps, warmup=0):
    """The rate of each step; after a linear warmup to the schedule's first rate."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = make(optimizer)
    own = []
    for step in range(steps):
        own.append(optimizer.param_groups[0]["lr"])
        if step < steps - 1:
            scheduler.step()
    if warmup == 0:
        return own
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=own[0])
    rise = s.LinearLR(optimizer, start_factor=1 / (warmup + 1), end_factor=1, total_iters=warmup)
    warm = []
    for _ in range(warmup):
        warm.append(optimizer.param_groups[0]["lr"])
        rise.step()
    return warm + own


def case(spec, make, steps, warmup=0):
    return {"spec": spec, "lr": LR, "rates": rates(make, steps, warmup)}


cases = [
    case("constant", lambda o: s.ConstantLR(o, factor=1), 20),
    case("{name: constant, warmup: 5}", lambda o: s.ConstantLR(o, factor=1), 20, 5),
    case("{name: linear, steps: 30}", lambda o: s.LinearLR(o, 1, 0, 30), 40),
    case("{name: linear, steps: 10, start: 0.25, end: 0.75, warmup: 3}", lambda o: s.LinearLR(o, 0.25, 0.75, 10), 20, 3),
    case("{name: cosine, steps: 50}", lambda o: s.CosineAnnealingLR(o, 50), 51),
    case("{name: cosine, steps: 33, minLr: 1e-4, warmup: 10}", lambda o: s.CosineAnnealingLR(o, 33, 1e-4), 34, 10),
    case("{name: step, every: 7}", lambda o: s.StepLR(o, 7), 40),
    case("{name: step, every: 4, gamma: 0.5, warmup: 4}", lambda o: s.StepLR(o, 4, 0.5), 30, 4),
    case("{name: exponential, gamma: 0.97}", lambda o: s.ExponentialLR(o, 0.97), 100),
    case("{name: exponential, gamma: 0.9, warmup: 1}", lambda o: s.ExponentialLR(o, 0.9), 20, 1),
    case("{name: oneCycle, steps: 100}", lambda o: s.OneCycleLR(o, LR, total_steps=100), 100),
    case("{name: oneCycle, steps: 17, warmup: 6}", lambda o: s.OneCycleLR(o, LR, total_steps=17), 17, 6),
    case("{name: oneCycle, steps: 40, pctStart: 0.1, divFactor: 10, finalDivFactor: 100}",
         lambda o: s.OneCycleLR(o, LR, total_steps=40, pct_start=0.1, div_factor=10, final_div_factor=100), 40),
]
lines = ",\n".join(f"  {json.dumps(one)}" for one in cases)
print(f"{{\n \"torch\": \"{torch.__version__}\",\n \"cases\": [\n{lines}\n ]\n}}")
