"""Writes assignment.json: optimal sums of scipy for matrices that the test rebuilds.

    python3 oracle.py > assignment.json      # recorded with scipy 1.10.1, numpy 1.24.2

Matrices come from the splitmix64 stream of the seed, so that both sides have the same ones:
"uniform" in [0, 1), "ties" the integers 0..3, "signed" in [-1, 1).
"""
import json
import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment

M = (1 << 64) - 1


def stream(seed, n):
    out = np.empty(n)
    s = seed
    for i in range(n):
        s = (s + 0x9E3779B97F4A7C15) & M
        z = s
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
        z ^= z >> 31
        out[i] = (z >> 11) * 2.0**-53
    return out


cases = []
for seed, (kind, r, c) in enumerate([
    ("uniform", 1, 1), ("uniform", 1, 9), ("uniform", 9, 1), ("signed", 12, 12), ("signed", 30, 50),
    ("signed", 50, 30), ("ties", 40, 40), ("ties", 25, 60), ("ties", 60, 25), ("uniform", 96, 96),
    ("signed", 128, 128), ("uniform", 200, 120), ("signed", 120, 200), ("ties", 150, 150), ("uniform", 300, 300),
]):
    x = stream(seed, r * c).reshape(r, c)
    if kind == "signed":
        x = 2 * x - 1
    if kind == "ties":
        x = np.floor(4 * x)
    i, j = linear_sum_assignment(x, maximize=True)
    cases.append({"kind": kind, "rows": r, "columns": c, "seed": seed, "sum": float(x[i, j].sum())})
print(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=1))
