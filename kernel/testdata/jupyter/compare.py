"""Measures kernels side by side: the same client, the same machine, alternating in one run.

    gonverge install                               # or JUPYTER_PATH=... of a kernel installed elsewhere
    /usr/bin/python3 compare.py [--rounds 3] [--quick] [gonverge python3]

The names are kernelspecs, first ours and then the peers; each kernel is started once in each round, and median and best
over the rounds are printed as a Markdown table. Needs jupyter_client with pyzmq and, for the peer, ipykernel: on Debian
the packages jupyter-client and python3-ipykernel. Memory is that of the kernel's process as /proc tells it: Linux only.

jupyter_client finds and starts the kernels; messages go over plain pyzmq sockets, because the client's own classes need
2 ms for the six messages of a cell and would hide what is measured.

    start      from the start of the process until kernel_info is answered and an iopub message has arrived
    1+1        execute_request until its reply and its idle status, median and 95th percentile
    lines      a cell that prints 13,108 lines, 1 MB, until idle; and the number of stream messages
    interrupt  an endless loop is interrupted as the kernelspec says (message or signal), until the reply
    sleep      the same with a long sleep
    library    the same with a long call of our compiled library; the peer has none
    memory     resident after start, and after 200 small cells
"""
import argparse
import datetime
import hashlib
import hmac
import json
import os
import statistics
import sys
import time
import uuid

os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel's debugger warns on stderr

import zmq
from jupyter_client.manager import KernelManager

CELLS = {
    "go": {
        "lines": 'for i := 0; i < 13108; i++ { fmt.Println("%s") }' % ("x" * 79),
        "endless": "for {}",
        "sleep": "time.Sleep(time.Minute)",
        "library": "dataset.Leaves(ctx, dataset.LeavesConfig{Train: 100000, Validation: 1, Seed: 99})",
        "small": ["x{i} := {i} * 2\nfmt.Println(x{i})", "x0 + {i}", "func f{i}(n int) int {{ return n + {i} }}", "f{j}(x{k})"],
    },
    "python": {
        "lines": 'for i in range(13108): print("%s")' % ("x" * 79),
        "endless": "while True: pass",
        "sleep": "import time; time.sleep(60)",
        "small": ["x{i} = {i} * 2\nprint(x{i})", "x0 + {i}", "def f{i}(n): return n + {i}", "f{j}(x{k})"],
    },
}


class Kernel:
    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.manager.kernel_spec  # found before the clock runs
        begin = time.perf_counter()
        self.manager.start_kernel()
        info = self.manager.get_connection_info()
        self.key, self.session, self.context = info["key"], uuid.uuid4().hex, zmq.Context()
        self.shell, self.control, self.iopub = (self.context.socket(t) for t in (zmq.DEALER, zmq.DEALER, zmq.SUB))
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")
        for socket, port in (self.shell, "shell_port"), (self.control, "control_port"), (self.iopub, "iopub_port"):
            socket.linger = 0
            socket.reconnect_ivl = 5  # ms: the kernel binds when it can
            socket.connect("tcp://%s:%d" % (info["ip"], info[port]))
        while True:  # iopub may connect later than shell: ask again
            self.send(self.shell, "kernel_info_request", {})
            self.receive(self.shell)
            if self.iopub.poll(20):
                break
        self.started = time.perf_counter() - begin
        while self.iopub.poll(200):
            self.receive(self.iopub)
        while self.shell.poll(0):
            self.receive(self.shell)
        self.cells = CELLS.get(self.manager.kernel_spec.language, CELLS["python"])

    def sign(self, parts):
        mac = hmac.new(self.key, digestmod=hashlib.sha256)
        for part in parts:
            mac.update(part)
        return mac.hexdigest().encode()

    def send(self, socket, msg_type, content):
        header = {"msg_id": uuid.uuid4().hex, "session": self.session, "username": "compare", "msg_type": msg_type, "version": "5.4",
                  "date": datetime.datetime.now(datetime.timezone.utc).isoformat()}
        parts = [json.dumps(header).encode(), b"{}", b"{}", json.dumps(content).encode()]
        socket.send_multipart([b"<IDS|MSG>", self.sign(parts)] + parts)
        return header["msg_id"]

    def receive(self, socket):
        """The next message as (type, id of its cause, content)."""
        if not socket.poll(60000):
            sys.exit("no message within a minute")
        frames = socket.recv_multipart()
        at = frames.index(b"<IDS|MSG>")
        assert frames[at + 1] == self.sign(frames[at + 2:at + 6])
        header, parent, _, content = map(json.loads, frames[at + 2:at + 6])
        return header["msg_type"], parent.get("msg_id"), content

    def finish(self, msg_id):
        """Waits for reply and idle of a request; returns the reply's content and the stream texts."""
        streams = []
        while True:
            msg_type, cause, content = self.receive(self.iopub)
            if cause != msg_id:
                continue
            if msg_type == "stream":
                streams.append(content["text"])
            elif msg_type == "status" and content["execution_state"] == "idle":
                break
        while True:
            _, cause, content = self.receive(self.shell)
            if cause == msg_id:
                return content, streams

    def execute(self, code):
        return self.send(self.shell, "execute_request", {"code": code, "silent": False, "store_history": True, "allow_stdin": False,
                                                         "stop_on_error": True, "user_expressions": {}})

    def run(self, code):
        begin = time.perf_counter()
        reply, streams = self.finish(self.execute(code))
        return time.perf_counter() - begin, reply, streams

    def memory(self):
        with open("/proc/%d/status" % self.manager.provisioner.process.pid) as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS:"))

    def interrupt(self, code):
        msg_id = self.execute(code)
        time.sleep(0.4)
        begin = time.perf_counter()
        if self.manager.kernel_spec.interrupt_mode == "message":
            self.send(self.control, "interrupt_request", {})
        else:
            self.manager.interrupt_kernel()
        reply, _ = self.finish(msg_id)
        took = time.perf_counter() - begin
        assert reply["status"] == "error", (code, reply)
        while self.run("1")[1]["status"] != "ok":  # ipykernel goes on aborting for a moment
            time.sleep(0.05)
        return took

    def close(self):
        self.manager.shutdown_kernel(now=True)
        self.context.destroy()


def measure(name, quick):
    """One round with one kernel: figures by the names of the table's rows, times in seconds."""
    k = Kernel(name)
    try:
        out = {"start": k.started}
        out["memory after start"] = k.memory()
        k.run("1+1")
        times = sorted(k.run("1+1")[0] for _ in range(50 if quick else 200))
        out["1+1 median"], out["1+1 p95"] = statistics.median(times), times[len(times) * 95 // 100]
        took = []
        for _ in range(2 if quick else 5):
            t, _, streams = k.run(k.cells["lines"])
            assert len("".join(streams)) == 13108 * 80, len("".join(streams))
            took.append((t, len(streams)))
        out["1 MB of lines"], out["messages for it"] = min(took)[0], max(n for _, n in took)
        small = k.cells["small"]
        for i in range(0, 200, len(small)):
            for at, code in enumerate(small):
                _, reply, _ = k.run(code.format(i=i + at, j=i + at - 1, k=i))
                assert reply["status"] == "ok", (code, reply)
        out["memory after 200 cells"] = k.memory()
        for what in ("endless", "sleep", "library"):
            if what in k.cells:
                out["interrupt " + what] = max(k.interrupt(k.cells[what]) for _ in range(2 if quick else 5))
        return out
    finally:
        k.close()


ROWS = [  # name, unit, factor, the figure to reach or None
    ("start", "s", 1, 0.2),
    ("1+1 median", "ms", 1000, 1),
    ("1+1 p95", "ms", 1000, None),
    ("1 MB of lines", "s", 1, 0.05),
    ("messages for it", "", 1, 20),
    ("interrupt endless", "ms", 1000, 10),
    ("interrupt sleep", "ms", 1000, None),
    ("interrupt library", "ms", 1000, 50),
    ("memory after start", "MB", 1, None),
    ("memory after 200 cells", "MB", 1, None),
]


def show(value, factor):
    value *= factor
    return "%.0f" % value if value >= 100 or value == int(value) else "%.1f" % value if value >= 10 else "%.3f" % value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", default=["gonverge", "python3"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    args = parser.parse_args()
    got = {name: [] for name in args.kernels}
    for _ in range(args.rounds):
        for name in args.kernels:  # alternating, so that a busy minute of the machine hits all
            got[name].append(measure(name, args.quick))
    print("Median (best) of %d rounds; interrupts: the slowest of a round." % args.rounds)
    print("| measure | unit | " + " | ".join(args.kernels) + " | wanted |")
    print("|---|---|" + "---|" * (len(args.kernels) + 1))
    for row, unit, factor, wanted in ROWS:
        cells = []
        for name in args.kernels:
            values = [r[row] for r in got[name] if row in r]
            cells.append("%s (%s)" % (show(statistics.median(values), factor), show(min(values), factor)) if values else "-")
        print("| %s | %s | %s | %s |" % (row, unit, " | ".join(cells), "" if wanted is None else "≤ %g" % wanted))


if __name__ == "__main__":
    main()
