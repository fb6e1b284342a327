#!/usr/bin/env python3
"""Figures of forecasts by their definitions: scores.json, which ScoreGoldenTests reads. The ranked probability scores are integrals of
(F(x) - 1{x >= y})^2 by mpmath, of counts sums of it; no closed form is used.

Usage: scores.py > scores.json
"""
import json
import math

import mpmath
import numpy

mpmath.mp.dps = 25
GRID = 100_000


def score(distribution, target, middle, spread):
    """The integral, in pieces that no jump and no peak lies in."""
    points = sorted({float(target), middle} | {middle + side * spread * k for side in (-1, 1) for k in (1, 4, 16, 64)})
    below = mpmath.quad(lambda x: distribution(x) ** 2, [-mpmath.inf] + [p for p in points if p < target] + [target])
    above = mpmath.quad(lambda x: (1 - distribution(x)) ** 2, [target] + [p for p in points if p > target] + [mpmath.inf])
    return float(below + above)


def gaussian(mean, deviation, target):
    return score(lambda x: mpmath.ncdf((x - mean) / mpmath.mpf(deviation)), target, mean, deviation)


def student(location, scale, freedom, target):
    def distribution(x):
        z = (x - location) / mpmath.mpf(scale)
        tail = mpmath.betainc(mpmath.mpf(freedom) / 2, 0.5, 0, freedom / (freedom + z * z), regularized=True) / 2
        return 1 - tail if z > 0 else tail
    return score(distribution, target, location, scale)


def count_shares(mean, shape, end):
    """The distribution function of counts up to one, by the recurrence of probabilities."""
    size, chance = 1 / mpmath.mpf(shape), 1 / (1 + mpmath.mpf(shape) * mpmath.mpf(mean))
    one = chance ** size
    total = one
    shares = [total]
    for k in range(1, end):
        one *= (size + k - 1) / k * (1 - chance)
        total += one
        shares.append(total)
    return shares


def negative_binomial(mean, shape, target):
    shares = count_shares(mean, shape, int(mean + 60 * math.sqrt(mean + shape * mean * mean)) + int(target) + 60)
    return float(mpmath.fsum((f - (k >= target)) ** 2 for k, f in enumerate(shares)))


def pinball(level, quantile, target):
    return max(level * (target - quantile), (level - 1) * (target - quantile))


def quantile_score(levels, quantiles, target):
    """Twice the mean pinball loss over a grid of levels, each with the quantile of the level that is nearest."""
    total = 0.0
    for step in range(GRID):
        level = (step + 0.5) / GRID
        nearest = min(range(len(levels)), key=lambda i: abs(levels[i] - level))
        total += pinball(levels[nearest], quantiles[nearest], target)
    return 2 * total / GRID


def wave(count, scale, phase, offset=0.0):
    return [offset + scale * math.sin(1.3 * i + phase) + 0.4 * scale * math.cos(0.7 * i * i + phase) for i in range(count)]


N = 12
TARGETS = wave(N, 8, 0.2, 5)
COUNTS = [float(abs(round(value))) for value in wave(N, 8, 1.1, 6)]
LEVELS = [0.05, 0.2, 0.5, 0.9]


def figures(predictions, point, targets, naive, more):
    kept = [i for i in range(len(targets)) if targets[i] is not None]
    outputs, actual = numpy.array([predictions[i][point] for i in kept]), numpy.array([targets[i] for i in kept])
    off = numpy.abs(outputs - actual)
    sizes = numpy.abs(outputs) + numpy.abs(actual)
    made = {"RMSE": math.sqrt(numpy.mean(off ** 2)), "MAE": numpy.mean(off),
            "sMAPE": numpy.mean([200 * o / s if s > 0 else 0 for o, s in zip(off, sizes)])}
    if naive:
        made["MASE"] = numpy.mean(off) / naive
    made.update({name: float(numpy.mean([of(predictions[i], targets[i]) for i in kept])) for name, of in more.items()})
    return {name: float(value) for name, value in made.items()}


def case(spec, predictions, point, targets, naive, more):
    targets = [None if i in (2, 7) else target for i, target in enumerate(targets)]
    return {"spec": spec, "predictions": predictions, "targets": targets, "naiveError": naive,
            "figures": figures(predictions, point, targets, naive, more)}


def inside(distribution):
    """Whether a target lies from the quantile 0.1 to the quantile 0.9."""
    return lambda p, y: float(0.1 <= distribution(p, y) <= 0.9)


QUANTILES = [sorted(wave(len(LEVELS), 9, 0.3 * i, TARGETS[(i + 1) % N])) for i in range(N)]
NORMALS = [[m, 0.5 + abs(s)] for m, s in zip(wave(N, 7, 0.6, 5), wave(N, 5, 2.2))]
STUDENTS = [[m, 0.5 + abs(s), 2.01 + 3 * i] for i, (m, s) in enumerate(zip(wave(N, 7, 0.9, 5), wave(N, 5, 1.2)))]
MEANS = [[0.01 + abs(m), 0.001 + abs(s)] for m, s in zip(wave(N, 9, 0.4, 3), wave(N, 1, 1.9))]


def counted(p, y):
    shares = count_shares(p[0], p[1], int(y) + 1)
    return float(shares[int(y)] >= 0.1 and (y == 0 or shares[int(y) - 1] < 0.9))


cases = [
    case("mse", [[value] for value in wave(N, 7, 0.5, 5)], 0, TARGETS[:-1] + [0.0], None, {}),
    case("mae", [[value] for value in wave(N - 1, 7, 0.5, 5)] + [[0.0]], 0, TARGETS[:-1] + [0.0], 2.5, {}),
    case("{name: quantile, quantiles: [0.05, 0.2, 0.5, 0.9]}", QUANTILES, 2, TARGETS, 3.0, {
        "CRPS": lambda p, y: quantile_score(LEVELS, p, y),
        "pinball loss": lambda p, y: sum(pinball(level, q, y) for level, q in zip(LEVELS, p)) / len(LEVELS),
        "coverage 0.85": lambda p, y: float(p[0] <= y <= p[-1]),
        **{f"coverage q{level}": lambda p, y, i=i: float(y <= p[i]) for i, level in enumerate(LEVELS)}}),
    case("gaussian", NORMALS, 0, TARGETS, 4.0, {
        "CRPS": lambda p, y: gaussian(*p, y), "coverage 0.8": inside(lambda p, y: mpmath.ncdf((y - p[0]) / p[1]))}),
    case("student_t", STUDENTS, 0, TARGETS, 4.0, {
        "CRPS": lambda p, y: student(*p, y),
        "coverage 0.8": inside(lambda p, y: (
            lambda z: 1 - mpmath.betainc(p[2] / 2, 0.5, 0, p[2] / (p[2] + z * z), regularized=True) / 2 if z > 0
            else mpmath.betainc(p[2] / 2, 0.5, 0, p[2] / (p[2] + z * z), regularized=True) / 2)((y - p[0]) / p[1]))}),
    case("negative_binomial", MEANS, 0, COUNTS, 4.0, {
        "CRPS": lambda p, y: negative_binomial(*p, y), "coverage 0.8": counted}),
]
made = {
    "normal": [[z, gaussian(0, 1, z)] for z in (-7.0, -1.5, -0.1, 0.0, 0.3, 2.0, 9.5)],
    "student": [[z, v, student(0, 1, v, z)] for z in (-6.0, -0.4, 0.0, 1.1, 25.0) for v in (2.0, 3.3, 30.0, 2000.0)],
    "negativeBinomial": [[k, m, a, negative_binomial(m, a, k)] for k in (0.0, 2.0, 40.0) for m in (0.001, 1.5, 30.0)
                         for a in (0.001, 0.25, 1.0, 5.0)],
    "cases": cases,
}
lines = ",\n".join(
    f" {json.dumps(name)}: [\n  " + ",\n  ".join(json.dumps(row) for row in rows) + "\n ]" for name, rows in made.items())
print(f"{{\n{lines}\n}}")
