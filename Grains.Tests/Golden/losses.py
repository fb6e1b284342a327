#!/usr/bin/env python3
"""Losses of one chunk, their gradients and weights, in float64 by torch.distributions and torch.nn.functional: losses.json, which
LossGoldenTests reads.

Usage: losses.py > losses.json
"""
import json
import math

import numpy
import torch
from torch.nn import functional as F

LANES = (7, 4)


def rounded(value):
    return float(numpy.float32(value))


def numbers(count, scale, phase):
    return [rounded(scale * math.sin(1.7 * i + phase) + 0.3 * scale * math.cos(0.61 * i * i + phase)) for i in range(count)]


ROWS = sum(LANES)


def case(spec, width, targets, loss, scale=1.5, weight=None, predictions=None, classes=0):
    """Rows of lane 0, then of lane 1; loss and weight are sums over all of them."""
    values = numbers(ROWS * width, scale, len(spec))
    outputs = torch.tensor(values, dtype=torch.float64).reshape(ROWS, width).requires_grad_()
    target = torch.tensor(targets, dtype=torch.long if classes else torch.float64)
    total = loss(outputs, target)
    total.backward()
    made = {"spec": spec, "width": width, "classes": classes, "outputs": values, "targets": targets, "loss": total.item(),
            "gradient": outputs.grad.flatten().tolist(), "weight": len(targets) if weight is None else weight}
    if predictions:
        made["predictions"] = predictions(outputs.detach()).flatten().tolist()
    return made


REALS = numbers(ROWS, 2, 0.4)
COUNTS = [float(abs(round(20 * value))) for value in numbers(ROWS, 1, 0.9)]
BITS = [float(value > 0) for value in numbers(ROWS, 1, 0.9)]
CLASSES = [int(abs(round(7 * value))) % 4 for value in numbers(ROWS, 1, 0.7)]


def quantiles(outputs):
    return torch.cumsum(torch.cat([outputs[:, :1], F.softplus(outputs[:, 1:])], 1), 1)


def pinball(levels):
    level = torch.tensor(levels, dtype=torch.float64)

    def loss(outputs, target):
        above = target[:, None] - quantiles(outputs)
        return torch.maximum(level * above, (level - 1) * above).mean(1).sum()
    return loss


def normal(least):
    return lambda outputs: torch.stack([outputs[:, 0], F.softplus(outputs[:, 1]) + least], 1)


def student(least):
    return lambda outputs: torch.stack([outputs[:, 0], F.softplus(outputs[:, 1]) + least, F.softplus(outputs[:, 2]) + 2], 1)


def counts(outputs):
    return torch.stack([F.softplus(outputs[:, 0]) + 1e-6, F.softplus(outputs[:, 1]) + 1e-3], 1)


def gaussian_loss(least):
    return lambda outputs, target: -torch.distributions.Normal(*normal(least)(outputs).unbind(1)).log_prob(target).sum()


def student_loss(least):
    def loss(outputs, target):
        location, scale, freedom = student(least)(outputs).unbind(1)
        return -torch.distributions.StudentT(freedom, location, scale).log_prob(target).sum()
    return loss


def counts_loss(outputs, target):
    mean, shape = counts(outputs).unbind(1)
    return -torch.distributions.NegativeBinomial(1 / shape, logits=torch.log(shape * mean)).log_prob(target).sum()


def emphasised(values, emphasis):
    lanes, first = [], 0
    for length in LANES:
        lane = values[first:first + length]
        lanes.append(lane - emphasis * torch.cat([torch.zeros_like(lane[:1]), lane[:-1]]))
        first += length
    return torch.cat(lanes)


def esr(emphasis):
    return lambda outputs, target: (emphasised(outputs[:, 0] - target, emphasis) ** 2).sum()


def esr_weight(emphasis, epsilon):
    signal = emphasised(torch.tensor(REALS, dtype=torch.float64), emphasis)
    return ((signal ** 2) + epsilon).sum().item()


def entropy(smoothing=0.0, weights=None, ignored=-100):
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    return lambda outputs, target: F.cross_entropy(
        outputs, target, weight=weight, ignore_index=ignored, label_smoothing=smoothing, reduction="sum")


def entropy_weight(weights=None, ignored=-100):
    return sum(1 if weights is None else weights[one] for one in CLASSES if one != ignored)


NONE = -100
LABELS = [1, NONE, 2, NONE, 2, NONE, 1, NONE, 3, NONE, NONE]
FEW = [NONE] * 7 + [0, 0, 1, NONE]


def ctc(blank, labels):
    """The sum over lanes of ctc_loss by its number of labels, which is reduction='mean' times their number."""
    def loss(outputs, _):
        total, first = 0, 0
        for length in LANES:
            own = torch.tensor([one for one in labels[first:first + length] if one != NONE], dtype=torch.long)
            total = total + F.ctc_loss(
                F.log_softmax(outputs[first:first + length], 1)[:, None], own[None], (length,), (len(own),), blank=blank, reduction="sum"
            ) / max(1, len(own))
            first += length
        return total
    return loss


WEIGHTS = [0.5, 2, 1.25, 0]
probability = torch.sigmoid
cases = [
    case("{name: quantile, quantiles: [0.1, 0.5, 0.9]}", 3, REALS, pinball([0.1, 0.5, 0.9]), predictions=quantiles),
    case("{name: quantile, quantiles: [0.05, 0.25, 0.4, 0.95]}", 4, REALS, pinball([0.05, 0.25, 0.4, 0.95]), predictions=quantiles),
    case("{name: quantile, quantiles: [0.3]}", 1, REALS, pinball([0.3]), predictions=quantiles),
    case("gaussian", 2, REALS, gaussian_loss(1e-3), predictions=normal(1e-3)),
    case("{name: gaussian, leastDeviation: 0.5}", 2, REALS, gaussian_loss(0.5), scale=4, predictions=normal(0.5)),
    case("student_t", 3, REALS, student_loss(1e-3), predictions=student(1e-3)),
    case("{name: student_t, leastDeviation: 0.25}", 3, REALS, student_loss(0.25), scale=6, predictions=student(0.25)),
    case("negative_binomial", 2, COUNTS, counts_loss, predictions=counts),
    case("negative_binomial", 2, COUNTS, counts_loss, scale=9, predictions=counts),
    case("binary_cross_entropy", 1, BITS, lambda outputs, target: F.binary_cross_entropy_with_logits(
        outputs[:, 0], target, reduction="sum"), scale=20, predictions=probability),
    case("esr", 1, REALS, esr(0.85), weight=esr_weight(0.85, 1e-5)),
    case("{name: esr, emphasis: 0, epsilon: 0.001}", 1, REALS, esr(0), weight=esr_weight(0, 1e-3)),
    case("{name: esr, emphasis: 0.95}", 1, REALS, esr(0.95), weight=esr_weight(0.95, 1e-5)),
    case("cross_entropy", 4, CLASSES, entropy(), classes=4),
    case("{name: cross_entropy, labelSmoothing: 0.2}", 4, CLASSES, entropy(0.2), classes=4),
    case("{name: cross_entropy, classWeights: [0.5, 2, 1.25, 0]}", 4, CLASSES, entropy(0, WEIGHTS), weight=entropy_weight(WEIGHTS),
         classes=4),
    case("{name: cross_entropy, labelSmoothing: 0.1, classWeights: [0.5, 2, 1.25, 0], ignoredClass: 1}", 4, CLASSES,
         entropy(0.1, WEIGHTS, 1), weight=entropy_weight(WEIGHTS, 1), classes=4),
    case("{name: cross_entropy, ignoredClass: 2}", 4, CLASSES, entropy(0, None, 2), weight=entropy_weight(None, 2), classes=4),
    case("ctc", 4, LABELS, ctc(0, LABELS), weight=len(LANES), classes=4),
    case("ctc", 4, LABELS, ctc(0, LABELS), scale=12, weight=len(LANES), classes=4),
    case("{name: ctc, blank: 3}", 4, FEW, ctc(3, FEW), weight=len(LANES), classes=4),
]
lines = ",\n".join(f"  {json.dumps(one)}" for one in cases)
print(f'{{\n "torch": "{torch.__version__}",\n "lanes": {list(LANES)},\n "cases": [\n{lines}\n ]\n}}')
