#!/usr/bin/env python3
"""Figures of training recipes in PyTorch, float64: recipes.json, which RecipeGoldenTests reads.

Usage: recipes.py > recipes.json
"""
import json
import warnings

import torch

warnings.simplefilter("ignore")  # The optimizer of the schedules makes no steps.
torch.set_default_dtype(torch.float64)
LR = 0.003
LOSSES = [1.0, 0.9, 0.9, 0.89995, 0.95, 0.7, 0.71, 0.72, 0.69999, 0.73, 0.74, 0.75, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6] + [0.6] * 4


def plateau(spec, **options):
    """The rate of each epoch, the first one before any loss."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = [LR]
    for loss in LOSSES:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"spec": spec, "rates": rates}


def clipped(norm, value):
    """A gradient clipped by norm and then by value, each where it is not None."""
    parameter = torch.zeros(7, requires_grad=True)
    gradient = [0.5, -0.25, 2.0, -3.0, 0.0, 0.125, 0.03125]
    parameter.grad = torch.tensor(gradient)
    if norm is not None:
        torch.nn.utils.clip_grad_norm_([parameter], norm)
    if value is not None:
        torch.nn.utils.clip_grad_value_([parameter], value)
    return {"norm": norm, "value": value, "gradient": gradient, "clipped": parameter.grad.tolist()}


figures = {
    "torch": torch.__version__,
    "lr": LR,
    "losses": LOSSES,
    "plateaus": [
        plateau("reduceOnPlateau"),
        plateau("{name: reduceOnPlateau, patience: 0}", patience=0),
        plateau("{name: reduceOnPlateau, patience: 2, factor: 0.5}", patience=2, factor=0.5),
        plateau("{name: reduceOnPlateau, patience: 1, threshold: 0.05}", patience=1, threshold=0.05),
        plateau("{name: reduceOnPlateau, patience: 1, cooldown: 3, minLr: 0.0005}", patience=1, cooldown=3, min_lr=0.0005),
        plateau("{name: reduceOnPlateau, patience: 0, factor: 0.01}", patience=0, factor=0.01),
    ],
    "clips": [clipped(None, 0.25), clipped(1.5, None), clipped(1.5, 0.5), clipped(100, 1)],
}
lines = ",\n".join(f' "{key}": {json.dumps(value)}' for key, value in figures.items())
print(f"{{\n{lines}\n}}")
