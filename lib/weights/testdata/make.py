#!/usr/bin/env python3
"""Makes the small files beside it that Go cannot make: python3 make.py
Needs numpy and h5py (made with NumPy 1.24, h5py 3.7, HDF5 1.10.8). torch is not needed: the
modules that torch's pickles name are made up here.

Value i of every array is (7 i mod 23 - 11) / 4, exact in half precision; whole numbers are
7 i mod 23."""
import collections, io, os, pickle, struct, sys, types, zipfile
import h5py, numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def values(*shape, dtype="<f4"):
    i = np.arange(int(np.prod(shape)))
    v = 7 * i % 23
    if np.dtype(dtype).kind == "f":
        v = (v - 11) / 4
    return v.reshape(shape).astype(dtype)


# --- npy and npz -------------------------------------------------------------------------
types_ = ["<f2", "<f4", "<f8", ">f4", ">f8", "|i1", "<i4", ">i2", "<i8", "|u1", "<u2", "|b1"]
for name, save in [("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)]:
    arrays = {t[1:] + ("_big" if t[0] == ">" else ""): values(3, 4, dtype=t) for t in types_}
    arrays["fortran"] = np.asfortranarray(values(2, 3, 4))
    arrays["scalar"] = np.float32(-2.75)
    arrays["empty"] = np.zeros((0, 3), np.float32)
    arrays["text"] = np.array(["not", "numbers"])
    save(name, **arrays)

# --- HDF5 --------------------------------------------------------------------------------


def fill(f, many):
    f.create_dataset("conv1/conv1/kernel:0", data=values(3, 3, 2, 4))
    f.create_dataset("conv1/conv1/bias:0", data=values(4))
    f.create_dataset("big", data=values(2, 3, dtype=">f8"))
    f.create_dataset("half", data=values(5, dtype="<f2"))
    f.create_dataset("whole", data=values(6, dtype="<i8"))
    f.create_dataset("scalar", data=np.float32(-2.75))
    p = f.create_group("pieces")
    p.create_dataset("plain", data=values(5, 7), chunks=(2, 3))
    p.create_dataset("deflate", data=values(5, 7), chunks=(2, 3), compression="gzip")
    p.create_dataset("shuffle", data=values(5, 7, 3), chunks=(2, 3, 3), compression="gzip", shuffle=True)
    p.create_dataset("one", data=values(3), chunks=(8,), maxshape=(None,), compression="gzip")
    s = f.create_group("skipped")
    s.create_dataset("text", data="no number")
    s.create_dataset("never", shape=(3,), dtype="<f4")
    s["soft"] = h5py.SoftLink("/big")
    for i in range(many):  # more than fit in one node of the tree
        f.create_dataset("many/%03d" % i, data=np.float32(i))


with h5py.File("superblock0.h5", "w") as f:
    fill(f, 40)
with h5py.File("superblock2.h5", "w", libver=("v108", "v108")) as f:
    fill(f, 5)
with h5py.File("userblock.h5", "w", userblock_size=512) as f:
    f.create_dataset("data/ip1/0", data=values(2, 3))
    f.create_dataset("data/ip1/1", data=values(2))
with h5py.File("fractalheap.h5", "w", libver=("v108", "v108")) as f:
    for i in range(20):
        f.create_dataset("x%d" % i, data=np.float32(i))
with h5py.File("fletcher.h5", "w") as f:
    f.create_dataset("x", data=values(4), chunks=(4,), fletcher32=True)

# --- torch -------------------------------------------------------------------------------


def module(name):
    m = types.ModuleType(name)
    sys.modules[name] = m
    return m


torch = module("torch")
utils, parameter = module("torch._utils"), module("torch.nn.parameter")
module("torch.nn")
strange = module("strange")


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def function(mod, name):
    def f(*a):
        raise RuntimeError
    f.__module__, f.__qualname__, f.__name__ = mod.__name__, name, name
    setattr(mod, name, f)
    return f


rebuild = function(utils, "_rebuild_tensor_v2")
rebuild_old = function(utils, "_rebuild_tensor")
rebuild_parameter = function(utils, "_rebuild_parameter")
for c in "Float Double Half BFloat16 Long ComplexFloat".split():
    setattr(torch, c + "Storage", type(c + "Storage", (), {"__module__": "torch"}))


class Storage:
    def __init__(self, kind, key, data):
        self.kind, self.key, self.data = kind, key, data


class Tensor:
    def __init__(self, storage, offset, size, stride, how=None):
        self.args, self.how = (storage, offset, size, stride), how

    def __reduce__(self):
        if self.how == "old":
            return rebuild_old, self.args
        return rebuild, self.args + (False, collections.OrderedDict())


class Parameter:
    def __init__(self, t):
        self.t = t

    def __reduce__(self):
        return rebuild_parameter, (self.t, True, collections.OrderedDict())


def pickler(out, protocol, legacy):
    class P(pickle.Pickler):
        def persistent_id(self, o):
            if not isinstance(o, Storage):
                return None
            n = len(o.data)
            if o.kind == "BFloat16":
                n = len(o.data) // 2
            t = ("storage", getattr(torch, o.kind + "Storage"), o.key, "cpu", n)
            return t + (None,) if legacy else t
    return P(out, protocol)


def objects():
    s = Storage("Float", "0", values(24))
    h = Storage("Half", "1", values(6, dtype="<f2"))
    d = Storage("Double", "2", values(4, dtype="<f8"))
    b = Storage("BFloat16", "3", b"".join(struct.pack("<f", x)[2:] for x in values(5)))
    n = Storage("Long", "4", np.array([1234], "<i8"))
    c = Storage("ComplexFloat", "5", np.zeros(2, "<c8"))
    state = collections.OrderedDict()
    state["conv.weight"] = Parameter(Tensor(s, 0, (2, 3, 2, 2), (12, 4, 2, 1)))
    state["transposed"] = Tensor(s, 0, (4, 6), (1, 4))
    state["part"] = Tensor(s, 5, (2, 2), (6, 2))
    state["expanded"] = Tensor(s, 3, (2, 3), (0, 1))
    state["half"] = Tensor(h, 0, (6,), (1,))
    state["double"] = Tensor(d, 0, (2, 2), (2, 1), "old")
    state["brain"] = Tensor(b, 0, (5,), (1,))
    state["num_batches_tracked"] = Tensor(n, 0, (), ())
    state["complex"] = Tensor(c, 0, (2,), (1,))
    return {"epoch": 12, "best": 0.75, "arch": "tiny", "state_dict": state,
            "optimizer": {"state": {0: {"momentum": Tensor(s, 0, (24,), (1,))}}, "groups": [{"lr": 0.1}]}}, [s, h, d, b, n, c]


def raw(s):
    return s.data if isinstance(s.data, bytes) else s.data.tobytes()


def zipped(name, root, storages, protocol=2, folder="archive"):
    out = io.BytesIO()
    pickler(out, protocol, False).dump(root)
    with zipfile.ZipFile(name, "w") as z:
        def put(n, b):
            z.writestr(zipfile.ZipInfo(folder + "/" + n), b)
        put("data.pkl", out.getvalue())
        put("byteorder", b"little")
        for s in storages:
            put("data/" + s.key, raw(s))
        put("version", b"3\n")


def legacy(name, root, storages):
    with open(name, "wb") as out:
        pickle.dump(0x1950A86A20F9469CFC6C, out, 2)
        pickle.dump(1001, out, 2)
        pickle.dump({"protocol_version": 1001, "little_endian": True,
                     "type_sizes": {"short": 2, "int": 4, "long": 4}}, out, 2)
        pickler(out, 2, True).dump(root)
        pickle.dump([s.key for s in storages], out, 2)
        for s in storages:
            n = len(s.data) // 2 if s.kind == "BFloat16" else len(s.data)
            out.write(struct.pack("<q", n) + raw(s))


root, storages = objects()
zipped("zip.pt", root, storages)
zipped("zip4.pt", root, storages, protocol=4)
legacy("legacy.pth", root, storages)
zipped("evil.pt", {"weight": Evil()}, [])
s = Storage("Float", "0", values(4))
zipped("beyond.pt", {"weight": Tensor(s, 1, (2, 2), (2, 1))}, [s])
