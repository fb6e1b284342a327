#!/usr/bin/env python3
"""Special functions by mpmath, to 40 digits and rounded once: functions.json, which PortableFunctionTests reads.

Usage: functions.py > functions.json
"""
import json

import mpmath

mpmath.mp.dps = 40


def of(function, *arguments):
    return [[*one, float(function(*map(mpmath.mpf, one)))] for one in arguments]


def student(t, freedom):
    tail = mpmath.betainc(freedom / 2, mpmath.mpf(1) / 2, 0, freedom / (freedom + t * t), regularized=True) / 2
    return 1 - tail if t > 0 else tail


def negative_binomial(count, mean, shape):
    return mpmath.betainc(1 / shape, count + 1, 0, 1 / (1 + shape * mean), regularized=True)


POSITIVE = [1e-6, 0.001, 0.1, 0.5, 1.0, 1.4616321449683622, 2.0, 2.5, 7.75, 11.999, 12.0, 33.3, 170.5, 1000.0, 123456.75]
REAL = [-40.0, -9.5, -3.0, -1.25, -1e-3, 0.0, 1e-9, 0.5, 1.0, 2.75, 6.0, 8.25, 30.0, 700.0]
made = {
    "logGamma": of(mpmath.loggamma, *[[x] for x in POSITIVE]),
    "digamma": of(mpmath.digamma, *[[x] for x in POSITIVE]),
    "softplus": of(lambda x: mpmath.log1p(mpmath.exp(x)), *[[x] for x in REAL]),
    "sigmoid": of(lambda x: 1 / (1 + mpmath.exp(-x)), *[[x] for x in REAL]),
    "normal": of(mpmath.ncdf, *[[x] for x in REAL if abs(x) < 10]),
    "student": of(student, *[[t, v] for t in (-6.5, -0.5, 0.0, 0.25, 1.5, 12.0) for v in (1.0, 2.0, 3.7, 40.0, 2500.0)]),
    "negativeBinomial": of(negative_binomial, *[
        [k, m, a] for k in (0.0, 3.0, 17.0, 400.0) for m in (0.05, 2.5, 20.0, 380.0) for a in (0.001, 0.2, 1.0, 4.0)]),
}
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(rows)}" for name, rows in made.items())
print(f"{{\n{lines}\n}}")
