#!/usr/bin/env python3
"""Parameters under the update rules of torch.optim, in float64: optimizers.json, which OptimizerGoldenTests reads.

Usage: optimizers.py > optimizers.json
"""
import json
import math

import numpy
import torch

PARAMETERS, STEPS, SHOWN = 5, 30, (1, 2, 6, 7, 30)


def rounded(value):
    return float(numpy.float32(value))


START = [rounded(0.5 * (i - 2)) for i in range(PARAMETERS)]
GRADIENTS = [[rounded((1 + i) * math.sin(1.3 * i + 0.7 * step) + 0.2) for i in range(PARAMETERS)] for step in range(STEPS)]


def case(spec, rule, lr, **keys):
    parameters = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = rule([parameters], lr=lr, **keys)
    shown = {}
    for step in range(STEPS):
        parameters.grad = torch.tensor(GRADIENTS[step], dtype=torch.float64)
        optimizer.step()
        if step + 1 in SHOWN:
            shown[step + 1] = parameters.tolist()
    return {"spec": spec, "lr": lr, "parameters": shown}


class NAdam(torch.optim.Optimizer):
    """torch.optim.NAdam as PyTorch 2 computes it: PyTorch 1.13 multiplies the momentum of a step twice into the product for the next."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(parameters, dict(lr=lr, betas=betas, eps=eps))
        self.steps, self.product, self.mean, self.square = 0, 1.0, 0.0, 0.0

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        (parameter,), (beta1, beta2), lr = group["params"], group["betas"], group["lr"]
        self.steps += 1
        mu, following = (beta1 * (1 - 0.5 * 0.96 ** (step * 0.004)) for step in (self.steps, self.steps + 1))
        self.product *= mu
        self.mean = beta1 * self.mean + (1 - beta1) * parameter.grad
        self.square = beta2 * self.square + (1 - beta2) * parameter.grad ** 2
        denominator = (self.square / (1 - beta2 ** self.steps)).sqrt() + group["eps"]
        parameter -= lr * (1 - mu) / (1 - self.product) * parameter.grad / denominator
        parameter -= lr * following / (1 - self.product * following) * self.mean / denominator


o = torch.optim
cases = [
    case("{name: sgd, lr: 0.01}", o.SGD, 0.01),
    case("{name: sgd, lr: 0.01, momentum: 0.9}", o.SGD, 0.01, momentum=0.9),
    case("{name: sgd, lr: 0.01, momentum: 0.9, nesterov: true}", o.SGD, 0.01, momentum=0.9, nesterov=True),
    case("{name: sgd, lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.1}", o.SGD, 0.01, momentum=0.9, nesterov=True,
         weight_decay=0.1),
    case("{name: sgd, lr: 0.01, weightDecay: 0.1}", o.SGD, 0.01, weight_decay=0.1),
    case("{name: adam, lr: 0.01}", o.Adam, 0.01),
    case("{name: adamw, lr: 0.01, weightDecay: 0.1}", o.AdamW, 0.01, weight_decay=0.1),
    case("{name: rmsprop, lr: 0.01}", o.RMSprop, 0.01),
    case("{name: adagrad, lr: 0.1}", o.Adagrad, 0.1),
    case("{name: adagrad, lr: 0.1, eps: 0.01}", o.Adagrad, 0.1, eps=0.01),
    case("{name: nadam, lr: 0.01}", NAdam, 0.01),
    case("{name: nadam, lr: 0.01, betas: [0.8, 0.95], eps: 0.001}", NAdam, 0.01, betas=(0.8, 0.95), eps=0.001),
    case("{name: radam, lr: 0.01}", o.RAdam, 0.01),
    case("{name: radam, lr: 0.01, betas: [0.8, 0.95], eps: 0.001}", o.RAdam, 0.01, betas=(0.8, 0.95), eps=0.001),
]
lines = ",\n".join(f"  {json.dumps(one)}" for one in cases)
print(f"{{\n \"torch\": \"{torch.__version__}\",\n \"start\": {START},\n \"gradients\": {GRADIENTS},\n \"cases\": [\n{lines}\n ]\n}}")
