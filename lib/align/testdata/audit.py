# Reads inputs as JSON on standard input and writes what scipy, scikit-learn and numpy make of them.
import json, sys, warnings
import numpy as np
from scipy.cluster.hierarchy import linkage, leaves_list
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import squareform
from sklearn.cluster import SpectralClustering
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import adjusted_rand_score

warnings.simplefilter("ignore")
given, out = json.load(sys.stdin), {}

out["Sums"] = []
for m in given["Scores"]:
    m = np.array(m, float)
    i, j = linear_sum_assignment(m, maximize=True)
    p, q = m.shape
    rows = np.kron(np.eye(p), np.ones(q))
    columns = np.kron(np.ones(p), np.eye(q))
    plan = linprog(-m.ravel(), A_eq=np.vstack([rows, columns]),
                   b_eq=np.concatenate([np.full(p, 1 / p), np.full(q, 1 / q)]))
    # Greedy, the slow way: argmax takes the first of equals, row by row.
    left, greedy = m.copy(), 0.0
    for _ in range(min(p, q)):
        a, b = np.unravel_index(np.argmax(left), left.shape)
        greedy += m[a, b]
        left[a, :], left[:, b] = -np.inf, -np.inf
    out["Sums"].append({"Match": m[i, j].sum(), "Soft": -plan.fun, "Greedy": greedy,
                        "Semi": np.argmax(m, 1).tolist()})

out["Trees"] = []
for d in given["Distances"]:
    z = [linkage(squareform(np.array(d, float), checks=False), k) for k in ("single", "complete", "average")]
    out["Trees"].append([{"Merges": t.tolist(), "Leaves": leaves_list(t).tolist()} for t in z])

out["Maps"] = []
for g in given["Maps"]:
    z, y, n = np.array(g["Z"], float), np.array(g["Y"], float), len(g["Z"])
    lasso = []
    for alpha in g["Alphas"]:
        w = [Lasso(alpha, fit_intercept=False, tol=1e-14, max_iter=200000).fit(z, t).coef_ for t in y.T]
        lasso.append(np.array(w).reshape(y.shape[1], -1).tolist())
    ridge = Ridge(n * g["Lambda"], fit_intercept=False, solver="svd").fit(z, y).coef_
    out["Maps"].append({"Lasso": lasso, "Ridge": ridge.reshape(y.shape[1], -1).tolist(),
                        "Least": (np.linalg.lstsq(z, y, rcond=1e-10)[0].T).tolist()})

out["Rand"] = []
for c in given["Clusters"]:
    s = SpectralClustering(c["K"], affinity="precomputed", random_state=1, n_init=10).fit(np.array(c["S"], float))
    out["Rand"].append([adjusted_rand_score(s.labels_, c["Labels"]), adjusted_rand_score(c["Truth"], c["Labels"])])

json.dump(out, sys.stdout)
