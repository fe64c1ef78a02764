"""Writes groups.json: maps, plans, trees and spectra of scipy and scikit-learn for matrices that the
test rebuilds from the splitmix64 stream of a seed (see oracle.py).

    python3 groups.py > groups.json      # recorded with scipy 1.10.1, scikit-learn 1.2.1, numpy 1.24.2
"""
import io, json, contextlib
import numpy as np, scipy, sklearn
from scipy.cluster.hierarchy import linkage, leaves_list, fcluster
from scipy.optimize import linprog
from scipy.spatial.distance import squareform
from sklearn.cluster import SpectralClustering
from sklearn.linear_model import Lasso, Ridge

with contextlib.redirect_stdout(io.StringIO()):
    from oracle import stream

r = lambda a: np.round(np.asarray(a, float), 12).tolist()
n, p, q = 200, 24, 20
U = stream(7, n * (p + q)).reshape(n, p + q)
X = np.maximum(U + .7 * np.roll(U, 1, 1) + .5 * np.roll(U, p, 1) - .9, 0)  # test: mixed
X = (X - X.mean(0)) / X.std(0)
R = X.T @ X / n
Z, Y = X[:, :p], X[:, p:]

lasso = []
for alpha in (.02, .1, .3):
    m = Lasso(alpha=alpha, fit_intercept=False, tol=1e-14, max_iter=1000000).fit(Z, Y)
    lasso.append({"alpha": alpha, "weights": r(m.coef_), "loss": float(np.mean((Y - m.predict(Z)) ** 2) / 2)})
ridge = Ridge(alpha=.2 * n, fit_intercept=False, solver="cholesky").fit(Z, Y).coef_
Z2 = np.hstack([Z[:, :10], Z[:, :10] @ np.ones((10, 2)) / 10])  # rank 10 of 12
pinv = np.linalg.pinv(Z2.T @ Z2 / n, hermitian=True, rcond=1e-10) @ (Z2.T @ Y / n)

D = 1 - np.abs(R[:p, :p])
np.fill_diagonal(D, 0)
trees = []
for method in ("single", "complete", "average"):
    L = linkage(squareform((D + D.T) / 2), method)
    trees.append({"linkage": method, "merges": r(L), "leaves": leaves_list(L).tolist(), "cut5": fcluster(L, 5, "maxclust").tolist()})

S = np.where(R > .1, R, 0)
np.fill_diagonal(S, 1)
d = S.sum(1) ** -.5
spectrum = scipy.linalg.eigvalsh(np.eye(p + q) - d[:, None] * S * d)
m = 60
B = .1 * stream(9, m * m).reshape(m, m)
block = (np.arange(m) * 7) % 4
B = np.where(block[:, None] == block, .6 + B, B)
B = (B + B.T) / 2
np.fill_diagonal(B, 1)
labels = SpectralClustering(4, affinity="precomputed", random_state=0).fit(B).labels_

plans = []
for seed, (a, b) in enumerate([(1, 1), (1, 4), (3, 1), (2, 3), (5, 4), (6, 9), (9, 6), (8, 8), (16, 12), (13, 20), (30, 24)]):
    C = 2 * stream(100 + seed, a * b).reshape(a, b) - 1
    A = np.vstack([np.kron(np.eye(a), np.ones(b)), np.kron(np.ones(a), np.eye(b))])
    s = linprog(-C.ravel(), A_eq=A, b_eq=np.r_[np.full(a, 1 / a), np.full(b, 1 / b)], method="highs")
    plans.append({"rows": a, "columns": b, "seed": 100 + seed, "mean": -s.fun})

print(json.dumps({"scipy": scipy.__version__, "sklearn": sklearn.__version__, "lasso": lasso, "ridge": r(ridge), "pinv": r(pinv.T),
                  "trees": trees, "spectrum": r(spectrum), "labels": labels.tolist(), "plans": plans}))
