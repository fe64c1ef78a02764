# What the table "engine" does, in PyTorch and numpy.
import os
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(0)


def quick():
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10))


def mini():
    return nn.Sequential(
        nn.Conv2d(3, 32, 7), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
        nn.Conv2d(64, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(432, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))


def convs():
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))


layouts = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}


def training(make, batch, layout):
    net = make().to(memory_format=layout)
    solver = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-3)
    x = torch.randn(batch, 3, 32, 32).contiguous(memory_format=layout)
    labels = torch.arange(batch) % 10

    def step():
        solver.zero_grad()
        F.cross_entropy(net(x), labels).backward()
        solver.step()
    return step


def forward(make, batch, side, layout):
    net = make().to(memory_format=layout)
    x = torch.randn(batch, 3, side, side).contiguous(memory_format=layout)

    def run():
        with torch.no_grad():
            net(x)
    return run


def declare(name, make, *arguments):
    case(name)(lambda: make(*arguments))


for layout, memory in layouts.items():
    declare("quick " + layout, training, quick, 64, memory)
    declare("mini " + layout, training, mini, 32, memory)
    declare("convs " + layout, forward, convs, 16, 227, memory)


def matrices(*shapes):
    random = numpy.random.default_rng(0)
    return [random.standard_normal(s, dtype=numpy.float32) for s in shapes]


def gemm(products):
    """numpy's matrix product, which is OpenBLAS, into memory that is there."""
    return lambda: [numpy.matmul(a, b, out=c) for a, b, c in products] and None


def square(n):
    a, b, c = matrices((n, n), (n, n), (n, n))
    return gemm([(a, b, c)])


case("gemm 1024")(lambda: square(1024))


def dense(kind):
    products = []
    for inputs, units in ((9216, 4096), (4096, 4096), (4096, 1000)):
        x, w, y = matrices((64, inputs), (inputs, units), (64, units))
        if kind == "forward":
            products.append((x, w, y))
        elif kind == "weights":
            products.append((x.T, y, w))
        else:
            products.append((y, w.T, x))
    return gemm(products)


for kind in ("forward", "weights", "inputs"):
    declare("dense " + kind, dense, kind)
