# Reads pairs of matrices from standard input and prints what each measure is by its definition,
# computed another way than in Go; a measure is left out where its definition leaves ties open.
import json
import math
import sys

import numpy as np
from scipy.linalg import orthogonal_procrustes, subspace_angles
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, rankdata


def centred(m):
    m = np.array(m, float)
    return m - np.array([math.fsum(c) / len(c) for c in m.T])


def alive(x):
    """Units that vary: what is left of a constant one is rounding."""
    return x[:, np.abs(x).max(0) > 1e-13]


def cka(k, l):
    n = len(k)
    h = np.eye(n) - 1 / n
    k, l = h @ k @ h, h @ l @ h
    d = math.sqrt(np.sum(k * k) * np.sum(l * l))
    return np.sum(k * l) / d if d > 0 else 0.0


def u_centred(k):
    """Szekely and Rizzo's form of the unbiased estimate."""
    n = len(k)
    k = k - np.diag(np.diag(k))
    rows = k.sum(0)
    u = k - rows[:, None] / (n - 2) - rows[None, :] / (n - 2) + k.sum() / ((n - 1) * (n - 2))
    return u - np.diag(np.diag(u))


def unbiased(x, y):
    if len(x) < 4:
        return 0.0
    k, l = u_centred(x @ x.T), u_centred(y @ y.T)
    d = math.sqrt(max(np.sum(k * k), 0) * max(np.sum(l * l), 0))
    return np.sum(k * l) / d if d > 0 else 0.0


def rbf(x, sigma):
    d = pdist(x)
    m = np.median(d) if len(d) else 0
    if m <= 0:
        return np.ones((len(x), len(x)))
    return np.exp(-squareform(d) ** 2 / (2 * (sigma * m) ** 2))


def directions(x, share=None):
    if x.shape[1] == 0:
        return None
    if share is None:
        x = x / x.std(0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    if share is None:
        return u[:, s > 1e-10 * s[0]]
    part = np.cumsum(s ** 2) / np.sum(s ** 2)
    return u[:, :1 + int(np.argmax(part >= share))]


def cca(u, v):
    if u is None or v is None:
        return 0.0
    return float(np.mean(np.cos(subspace_angles(u, v))))


def pwcca(x, y):
    u, v = directions(x), directions(y)
    if u is None or v is None:
        return 0.0
    # Canonical variates as eigenvectors of the product of both projections, within a's space.
    rho2, w = np.linalg.eigh(u.T @ v @ v.T @ u)
    c = min(u.shape[1], v.shape[1])
    rho, h = np.sqrt(np.clip(rho2[::-1][:c], 0, 1)), (u @ w[:, ::-1])[:, :c]
    a = np.abs(h.T @ x).sum(1)
    return float(a @ rho / a.sum())


def padded(x, y):
    p = max(x.shape[1], y.shape[1], 1)
    return [np.pad(m, ((0, 0), (0, p - m.shape[1]))) for m in (x, y)]


def procrustes(x, y):
    x, y = padded(x, y)
    q, _ = orthogonal_procrustes(x, y)
    return float(np.linalg.norm(x @ q - y))


def dissimilarities(m):
    m = np.array(m, float)
    d = []
    for i in range(len(m)):
        for j in range(i + 1, len(m)):
            a, b = m[i], m[j]
            constant = len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0
            d.append(1 - (0 if constant else pearsonr(a, b)[0]))
    return np.round(np.array(d), 12)


def correlation(d, e):
    if len(d) < 2 or np.ptp(d) == 0 or np.ptp(e) == 0:
        return 0.0
    return float(pearsonr(d, e)[0])


def neighbours(x, y, k):
    shared = 0
    near = [np.argsort(squareform(pdist(m)) + np.diag([np.inf] * len(m)), axis=1)[:, :k] for m in (x, y)]
    for a, b in zip(*near):
        shared += len(set(a) & set(b))
    return shared / (k * len(x))


answers = []
for case in json.load(sys.stdin):
    x, y = centred(case["A"]), centred(case["B"])
    live = alive(x), alive(y)
    nx, ny = np.linalg.norm(live[0]), np.linalg.norm(live[1])
    got = {
        "CKA": cka(live[0] @ live[0].T, live[1] @ live[1].T),
        "CKAUnbiased": unbiased(*live),
        "CKARBF": cka(rbf(live[0], .5), rbf(live[1], .5)) if nx > 0 and ny > 0 else 0.0,
        "CCA": cca(directions(live[0]), directions(live[1])),
        "SVCCA": cca(directions(live[0], .9), directions(live[1], .9)),
        "PWCCA": pwcca(*live),
        "Procrustes": procrustes(*live),
    }
    if nx > 0 and ny > 0:
        d = procrustes(live[0] / nx, live[1] / ny)
        got["ProcrustesNormalized"], got["ProcrustesAngle"] = d, math.acos(max(-1, 1 - d * d / 2))
    else:
        got["ProcrustesNormalized"], got["ProcrustesAngle"] = math.sqrt(2), math.pi / 2
    d, e = dissimilarities(case["A"]), dissimilarities(case["B"])
    got["RSAPearson"] = correlation(d, e)
    got["RSA"] = correlation(rankdata(d), rankdata(e)) if len(d) else 0.0
    got["CKAAngle"] = math.acos(min(1, got["CKA"]))
    if len(x) > 3 and nx > 0 and ny > 0 and not case["Ties"]:
        got["NearestNeighbours"] = neighbours(x, y, 3)
    answers.append(got)
json.dump(answers, sys.stdout)
