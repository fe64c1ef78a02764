"""Writes measures.json: measures of matrices that the test rebuilds, by numpy and scipy.

    python3 oracle.py > measures.json      # recorded with numpy 1.24.2, scipy 1.10.1

Both sides build the matrices from the splitmix64 stream of the seed: first a, row by row, uniform
in [-1/2, 1/2), then b alike plus mix times a (columns repeated to its width), then relu, offset,
and for each matrix columns 0 constant (dead), column 1 a copy of the last one (twin).
The formulas are written as in the papers, with n x n matrices throughout and no shortcut, and
taken from scipy where it has them (pdist, spearmanr, orthogonal_procrustes, subspace_angles).
"""
import json
import numpy as np
import scipy
from scipy.linalg import orthogonal_procrustes, subspace_angles
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, spearmanr

M = (1 << 64) - 1


def stream(seed):
    s = seed
    while True:
        s = (s + 0x9E3779B97F4A7C15) & M
        z = s
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
        z ^= z >> 31
        yield (z >> 11) * 2.0**-53


def matrices(c):
    u = stream(c["Seed"])
    n, p, q = c["N"], c["P"], c["Q"]
    a = np.array([[next(u) - 0.5 for _ in range(p)] for _ in range(n)])
    b = np.array([[next(u) - 0.5 for _ in range(q)] for _ in range(n)])
    b += c["Mix"] * a[:, np.arange(q) % p]
    for m in (a, b):
        if c["Relu"]:
            np.maximum(m, 0, out=m)
        m += c["Offset"]
        if c["Dead"]:
            m[:, 0] = 0.3
        if c["Twin"]:
            m[:, 1] = m[:, -1]
    return a, b


def center(K):
    n = len(K)
    H = np.eye(n) - np.ones((n, n)) / n
    return H @ K @ H


def align(K, L):
    K, L = center(K), center(L)
    return np.trace(K @ L) / np.sqrt(np.trace(K @ K) * np.trace(L @ L))


def hsic1(K, L):
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    one = np.ones(n)
    return (np.trace(K @ L) + (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
            - 2 / (n - 2) * (one @ K @ L @ one)) / (n * (n - 3))


def gauss(X, sigma):
    X = X - X.mean(0)
    d = pdist(X)
    return np.exp(-squareform(d)**2 / (2 * (sigma * np.median(d))**2))


def basis(X):
    X = X - X.mean(0)
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    return U[:, s > 1e-9 * s[0]]


def rhos(A, B):
    return np.cos(subspace_angles(A, B))[::-1]


def top(X, share):
    X = X - X.mean(0)
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    k = int(np.searchsorted(np.cumsum(s**2) / np.sum(s**2), share)) + 1
    return U[:, :k]


def pwcca(X, Y):
    A, B = basis(X), basis(Y)
    U, r, _ = np.linalg.svd(A.T @ B, full_matrices=False)
    h = A @ U
    alpha = np.abs(h.T @ (X - X.mean(0))).sum(1)
    return (alpha * r).sum() / alpha.sum()


def pad(X, w):
    return np.hstack([X, np.zeros((len(X), w - X.shape[1]))])


def procrustes(X, Y, unit):
    X, Y = X - X.mean(0), Y - Y.mean(0)
    if unit:
        X, Y = X / np.linalg.norm(X), Y / np.linalg.norm(Y)
    w = max(X.shape[1], Y.shape[1])
    X, Y = pad(X, w), pad(Y, w)
    R, _ = orthogonal_procrustes(X, Y)
    return np.linalg.norm(X @ R - Y)


def neighbours(X, Y, k):
    def parts(Z):  # of each sample (row), the chance of every other to be among the k nearest
        d = squareform(pdist(Z))
        P = np.zeros_like(d)
        for i, r in enumerate(d):
            r[i] = np.inf
            last = np.sort(r)[k - 1]
            inside, tied = r < last - 1e-9, np.abs(r - last) <= 1e-9
            P[i, inside] = 1
            P[i, tied] = (k - inside.sum()) / tied.sum()
        return P
    return (parts(X) * parts(Y)).sum(1).mean() / k


def measure(c):
    X, Y = matrices(c)
    Xc, Yc = X - X.mean(0), Y - Y.mean(0)
    K, L = Xc @ Xc.T, Yc @ Yc.T  # centred before, or an offset of a million leaves NaN for HSIC1
    unit = procrustes(X, Y, True)
    full = len(basis(X).T) + len(basis(Y).T) < c["N"]
    dx, dy = (pdist(Z, "correlation").round(12) for Z in (X, Y))  # ties are ties
    r = {
        "CKA": align(K, L),
        "CKAAngle": np.arccos(align(K, L)),
        "CKAUnbiased": hsic1(K, L) / np.sqrt(hsic1(K, K) * hsic1(L, L)),
        "CKARBF05": align(gauss(X, 0.5), gauss(Y, 0.5)),
        "CKARBF1": align(gauss(X, 1), gauss(Y, 1)),
        "CKAFeature": np.linalg.norm(Xc.T @ Yc)**2 / (np.linalg.norm(Xc.T @ Xc) * np.linalg.norm(Yc.T @ Yc)),
        "CCA": rhos(basis(X), basis(Y)).mean(),
        "SVCCA99": rhos(top(X, .99), top(Y, .99)).mean(),
        "SVCCA60": rhos(top(X, .6), top(Y, .6)).mean(),
        "PWCCA": pwcca(X, Y),
        "Procrustes": procrustes(X, Y, False),
        "ProcrustesNormalized": unit,
        "ProcrustesAngle": np.arccos(1 - unit**2 / 2),
        "RSA": spearmanr(dx, dy)[0],
        "RSAPearson": pearsonr(dx, dy)[0],
        "NearestNeighbours3": neighbours(X, Y, 3),
        "NearestNeighbours5": neighbours(X, Y, 5),
    }
    return {k: float(v) for k, v in r.items()}


cases = []
for seed, (name, n, p, q, mix, relu, offset, dead, twin) in enumerate([
    ("tall", 60, 5, 7, 1, False, 0, False, False),
    ("tall, unlike", 60, 5, 7, 0, False, 0, False, False),
    ("tall, nearly equal", 60, 6, 6, 30, False, 0, False, False),
    ("relu", 80, 12, 9, 1, True, 0, False, False),
    ("offset of a million", 50, 6, 4, 1, False, 1e6, False, False),
    ("dead units", 40, 6, 5, 1, True, 0, True, False),
    ("twins", 40, 6, 5, 2, False, 0, False, True),
    ("dead units and twins", 30, 8, 9, 1, True, 0, True, True),
    ("wide", 12, 30, 40, 1, False, 0, False, False),
    ("wide and narrow", 20, 50, 4, 1, False, 0, False, False),
    ("three units", 30, 3, 3, 1, False, 0, False, False),
    ("large", 200, 40, 30, .5, True, 0, True, True),
]):
    c = dict(Name=name, Seed=seed + 1, N=n, P=p, Q=q, Mix=mix, Relu=relu, Offset=offset, Dead=dead, Twin=twin)
    c["Want"] = measure(c)
    cases.append(c)
print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "Cases": cases}, indent=1))
