#!/usr/bin/env python3
"""Prints the logits that realforward_test.go compares with, computed by PyTorch from the files as
a reader of its own finds them: python3 forward.py FOLDER_OF_DATA > forward.tsv
Columns: file, picture, ten logits. Pictures are the first ten of MNIST's test set and of the
4,000 lossless ones of CIFAR-10."""
import gzip, os, struct, sys
import numpy as np, torch
import torch.nn.functional as F

root = sys.argv[1]
models = os.path.join(root, "models")


def fields(b):
    at = 0

    def varint():
        nonlocal at
        v = s = 0
        while True:
            c = b[at]
            at += 1
            v |= (c & 127) << s
            s += 7
            if c < 128:
                return v
    while at < len(b):
        key = varint()
        n, wire = key >> 3, key & 7
        if wire == 0:
            yield n, varint()
        elif wire == 2:
            size = varint()
            yield n, b[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[wire]
            yield n, b[at:at + size]
            at += size


def blob(b):
    return np.concatenate([np.frombuffer(v, "<f4") for n, v in fields(b) if n == 5])


def caffe(path):
    """Blobs of every layer, flat."""
    layers = {}
    for n, v in fields(open(path, "rb").read()):
        if n in (2, 100):
            name, blobs = None, []
            for k, x in fields(v):
                if k == (4 if n == 2 else 1):
                    name = x.decode()
                if k == (6 if n == 2 else 7):
                    blobs.append(torch.tensor(blob(x)))
            if blobs:
                layers[name] = blobs
    return layers


def conv(x, blobs, pad=0):
    w, b = blobs
    return F.conv2d(x, w.view(len(b), x.shape[1], 5, 5), b, padding=pad)


def dense(x, blobs):
    w, b = blobs
    return F.linear(x.flatten(1), w.view(len(b), -1), b)


def lrn(x):
    return x / (1 + 5e-5 * F.avg_pool2d(x * x, 3, 1, 1)) ** 0.75


def top(x):
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def mean(x):
    return F.avg_pool2d(x, 3, 2, ceil_mode=True)


def lenet(x, w):
    x = F.max_pool2d(conv(x / 256, w["conv1"]), 2)
    x = F.max_pool2d(conv(x, w["conv2"]), 2)
    return dense(F.relu(dense(x, w["ip1"])), w["ip2"])


def quick(x, w):
    x = F.relu(top(conv(x - average, w["conv1"], 2)))
    x = mean(F.relu(conv(x, w["conv2"], 2)))
    x = mean(F.relu(conv(x, w["conv3"], 2)))
    return dense(dense(x, w["ip1"]), w["ip2"])


def full(x, w):
    x = lrn(F.relu(top(conv(x - average, w["conv1"], 2))))
    x = lrn(mean(F.relu(conv(x, w["conv2"], 2))))
    return dense(mean(F.relu(conv(x, w["conv3"], 2))), w["ip1"])


def resnet(x, w):
    def bn(x, p):
        return F.batch_norm(x, w[p + ".running_mean"], w[p + ".running_var"], w[p + ".weight"], w[p + ".bias"])
    x = (x / 255 - torch.tensor([.485, .456, .406]).view(3, 1, 1)) / torch.tensor([.229, .224, .225]).view(3, 1, 1)
    x = F.relu(bn(F.conv2d(x, w["conv1.weight"], padding=1), "bn1"))
    for stage in (1, 2, 3):
        for block in range(3):
            p, stride = f"layer{stage}.{block}.", 2 if stage > 1 and block == 0 else 1
            y = F.relu(bn(F.conv2d(x, w[p + "conv1.weight"], stride=stride, padding=1), p + "bn1"))
            y = bn(F.conv2d(y, w[p + "conv2.weight"], padding=1), p + "bn2")
            if stride == 2:
                n = y.shape[1] // 4
                x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, n, n))
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), w["linear.weight"], w["linear.bias"])


average = torch.tensor(blob(open(os.path.join(models, "caffe-cifar10-mean.binaryproto"), "rb").read())).view(3, 32, 32)
digits = np.frombuffer(gzip.open(os.path.join(root, "mnist", "t10k-images-idx3-ubyte.gz")).read(16 + 10 * 784)[16:], np.uint8)
digits = torch.tensor(digits.reshape(10, 1, 28, 28).astype(np.float32))
photos = np.frombuffer(gzip.open(os.path.join(root, "cifar10-binary-4000", "data_batch_1.bin.gz")).read(10 * 3073), np.uint8)
photos = torch.tensor(photos.reshape(10, 3073)[:, 1:].reshape(10, 3, 32, 32).astype(np.float32))

for folder, net, pictures in [("caffe-lenet-mnist", lenet, digits), ("caffe-cifar10-quick", quick, photos),
                              ("caffe-cifar10-full", full, photos), ("torch", resnet, photos)]:
    for name in sorted(os.listdir(os.path.join(models, folder))):
        path = os.path.join(models, folder, name)
        if name.endswith(".caffemodel"):
            w = caffe(path)
        elif name.endswith(".th"):
            w = {k[7:]: v for k, v in torch.load(path, map_location="cpu")["state_dict"].items()}
        else:
            continue
        with torch.no_grad():
            for i, row in enumerate(net(pictures, w)):
                print(folder + "/" + name, i, *("%.7g" % v for v in row), sep="\t")
