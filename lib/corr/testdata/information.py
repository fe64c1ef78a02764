# Numbers for TestInformationAgreesWithNumpy: python3 information.py > information.txt (numpy 1.24)
import numpy as np

rng = np.random.default_rng(5)
n, d, K = 300, 4, 9
cause = rng.normal(size=(n, 3))
x = np.maximum(cause @ rng.normal(size=(3, d)) + .4 * rng.normal(size=(n, d)), 0).astype(np.float32)
y = np.maximum(cause @ rng.normal(size=(3, d)) + .4 * rng.normal(size=(n, d)), 0).astype(np.float32)
x[:, 3] = np.floor(x[:, 3])  # ties
y[:, 2] = 0  # dead


def edges(v):
    pos = v[v > 0].astype(np.float64)
    return np.percentile(pos, 100 * np.arange(1, K) / K) if len(pos) else np.array([])


def bins(v):
    e = edges(v)
    b = 1 + (e[None, :] <= v[:, None].astype(np.float64)).sum(1)
    return np.where(v > 0, b, 0)


def entropy(p):
    p = p[p > 0]
    return -(p * np.log(p)).sum()


print("# written by information.py, numpy", np.__version__)
print("x", *("%.9g" % v for v in x.ravel()))
print("y", *("%.9g" % v for v in y.ravel()))
print("edges", *("%.17g" % e for i in range(d) for e in edges(x[:, i])))
bx, by = [bins(x[:, i]) for i in range(d)], [bins(y[:, i]) for i in range(d)]
print("entropy", *("%.17g" % entropy(np.bincount(b) / n) for b in bx))
info = []
for a in bx:
    for b in by:
        p = np.histogram2d(a, b, bins=[np.arange(K + 2) - .5] * 2)[0] / n
        px, py = p.sum(1, keepdims=True), p.sum(0, keepdims=True)
        q = np.where(p > 0, p, 1)
        info.append((p * np.log(q / np.where(p > 0, px * py, 1))).sum())
print("information", *("%.17g" % v for v in info))
