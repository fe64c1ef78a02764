# What the table "analysis" does, in numpy, scipy and scikit-learn; inputs lie in folder.
from sklearn.cluster import SpectralClustering
from sklearn.linear_model import _cd_fast
from scipy.linalg.blas import ssyrk
from scipy.optimize import linear_sum_assignment
import warnings

warnings.simplefilter("ignore")


def read(name, *shape, dtype="<f8"):
    return numpy.fromfile(folder + "/" + name, dtype=dtype).reshape(shape)


def declare(name, make, *arguments):
    case(name)(lambda: make(*arguments))


def gram(rows, units):
    x = numpy.random.default_rng(0).standard_normal((rows, units), dtype=numpy.float32)
    return lambda: ssyrk(1.0, x.T) is None


def assignment(name, n):
    m = read(name, n, n)
    return lambda: linear_sum_assignment(m, maximize=True) is None


def lasso(alpha):
    """The bare coordinate descent that Lasso(precompute=gram) calls, without what is around it."""
    g, b = read("within", 384, 384), read("between", 384, 384)
    targets = [numpy.ascontiguousarray(c) for c in b.T]
    random, y = numpy.random.RandomState(0), numpy.ones(1)

    def run():
        used = 0
        for c in targets:
            w = numpy.zeros(384)
            _cd_fast.enet_coordinate_descent_gram(w, alpha, 0.0, g, c, y, 1000, 1e-4, random, 0, 0)
            used += (w != 0).sum()
        return float(used / 384)
    return run


def spectral(n, k):
    s = read("graph", n, n)
    return lambda: SpectralClustering(k, affinity="precomputed", random_state=1, n_init=10).fit(s) is None


def information(n, units, bins=9):
    """Bins as in the paper's code, joint counts by one product of one-hot columns a pair of bins."""
    nets = [read(f, n, units, dtype="<f4") for f in ("first", "second")]

    def onehot(x):
        b = numpy.empty(x.shape, numpy.int64)
        for j in range(units):
            v = x[:, j]
            e = numpy.percentile(v[v > 0].astype(float), 100 * numpy.arange(1, bins) / bins)
            b[:, j] = numpy.where(v > 0, 1 + numpy.searchsorted(e, v, side="right"), 0)
        return [numpy.asfortranarray(b == k, dtype=numpy.float32) for k in range(bins + 1)]

    def run():
        a, b = onehot(nets[0]), onehot(nets[1])
        info = numpy.zeros((units, units))
        shares = [[c.mean(0, dtype=float) for c in net] for net in (a, b)]
        for i, u in enumerate(a):
            for j, v in enumerate(b):
                p = (u.T @ v) / float(n)
                e = numpy.outer(shares[0][i], shares[1][j])
                ok = p > 0
                info[ok] += p[ok] * numpy.log(p[ok] / e[ok])
        return float(info.mean())
    return run


for rows, units in ((20000, 384), (100000, 96)):
    declare("gram %d" % units, gram, rows, units)
for n in (384, 1024, 4096):
    declare("assignment %d" % n, assignment, "scores%d" % n, n)
for alpha in ("0.053", "0.005"):
    declare("lasso " + alpha, lasso, float(alpha))
declare("spectral", spectral, 768, 10)
declare("information", information, 50000, 384)
