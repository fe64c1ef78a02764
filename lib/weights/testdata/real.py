#!/usr/bin/env python3
"""Prints what ../shared_test.go compares with, from readers that are not ours (h5py, numpy,
pickle, json): python3 real.py FOLDER_OF_MODELS > real.tsv
Columns: file, number of tensors, number of values, the sum over all tensors and their values
of value * (place modulo 97 + 1), places counted in each tensor from 0."""
import collections, io, json, os, pickle, struct, sys, zipfile
import h5py, numpy as np

root = sys.argv[1]


def hdf5(path):
    found = []
    with h5py.File(path) as f:
        f.visititems(lambda n, o: found.append(o[()]) if isinstance(o, h5py.Dataset) else None)
    return found


def safetensors(path):
    b = open(path, "rb").read()
    n = struct.unpack("<Q", b[:8])[0]
    head = json.loads(b[8:8 + n])
    return [np.frombuffer(b, "<f4", (e - s) // 4, 8 + n + s).reshape(h["shape"])
            for h in head.values() for s, e in [h["data_offsets"]]]


class Unpickler(pickle.Unpickler):
    storages = {}

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name.startswith("_rebuild_tensor"):
            return lambda storage, offset, size, stride, *rest: ("tensor", storage, offset, size, stride)
        if name == "_rebuild_parameter":
            return lambda t, *rest: t
        return name

    def persistent_load(self, pid):
        self.storages[pid[2]] = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8"}[pid[1]]
        return pid[2]


def tensors(o, raw):
    if isinstance(o, dict):
        return [t for v in o.values() for t in tensors(v, raw)]
    if isinstance(o, tuple) and o and o[0] == "tensor":
        a = raw[o[1]]
        return [np.lib.stride_tricks.as_strided(a[o[2]:], o[3], [s * a.itemsize for s in o[4]])]
    return []


def torch(path):
    raw, Unpickler.storages = {}, {}
    if zipfile.is_zipfile(path):
        z = zipfile.ZipFile(path)
        name = [n for n in z.namelist() if n.endswith("data.pkl")][0]
        o = Unpickler(io.BytesIO(z.read(name))).load()
        for k, t in Unpickler.storages.items():
            raw[k] = np.frombuffer(z.read(name[:-8] + "data/" + k), t)
        return tensors(o, raw)
    with open(path, "rb") as f:
        for _ in range(3):
            pickle.load(f)
        o = Unpickler(f).load()
        for k in pickle.load(f):
            t = np.dtype(Unpickler.storages[k])
            n = struct.unpack("<q", f.read(8))[0]
            raw[k] = np.frombuffer(f.read(n * t.itemsize), t)
    return tensors(o, raw)


for folder, _, files in sorted(os.walk(root)):
    for name in sorted(files):
        path = os.path.join(folder, name)
        read = {".h5": hdf5, ".safetensors": safetensors, ".pt": torch, ".th": torch,
                ".npy": lambda p: [np.load(p)]}.get(os.path.splitext(name)[1])
        if read:
            ts = [np.ascontiguousarray(t).astype(np.float32).ravel().astype(np.float64) for t in read(path)]
            total = sum((t * (np.arange(t.size) % 97 + 1)).sum() for t in ts)
            print(os.path.relpath(path, root), len(ts), sum(t.size for t in ts), "%.9g" % total, sep="\t")
