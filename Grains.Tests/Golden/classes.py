"""Writes classes.json: predicted classes and targets, with the figures of classes computed from their definitions, in float64.

F1 is computed as the harmonic mean of precision and recall of each class that is a target or is predicted, 0 where there is no hit;
the classes' mean is the macro-F1. Run with Debian's python3 (numpy).
"""
import json
import pathlib

import numpy as np

MASKED = -100


def figures(classes, predicted, targets):
    known = targets != MASKED
    p, t = predicted[known], targets[known]
    f1 = []
    for one in range(classes):
        is_p, is_t = p == one, t == one
        if not is_p.any() and not is_t.any():
            continue
        hits = float(np.sum(is_p & is_t))
        if hits == 0:
            f1.append(0.0)
            continue
        precision, recall = hits / is_p.sum(), hits / is_t.sum()
        f1.append(2 * precision * recall / (precision + recall))
    return float(np.mean(p == t)), float(np.mean(f1))


random = np.random.default_rng(7)
cases = []
for classes, rows, masked in [(2, 40, 0.0), (7, 300, 0.3), (50, 60, 0.1), (3, 5, 0.5), (4, 12, 0.0)]:
    targets = random.integers(0, classes, rows)
    predicted = np.where(random.random(rows) < 0.5, targets, random.integers(0, max(1, classes - 1), rows))
    targets[random.random(rows) < masked] = MASKED
    targets[0] = 0
    accuracy, macro = figures(classes, predicted, targets)
    cases.append(dict(classes=classes, predicted=predicted.tolist(), targets=targets.tolist(), accuracy=accuracy, macroF1=macro))
no_hit = np.array([1, 1, 1]), np.array([0, 2, 0])
accuracy, macro = figures(3, *no_hit)
cases.append(dict(classes=3, predicted=no_hit[0].tolist(), targets=no_hit[1].tolist(), accuracy=accuracy, macroF1=macro))
pathlib.Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]" + "\n")
