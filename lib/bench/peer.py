# The part of every peer: it imports the modules named as arguments, then serves cases.
# A request is a line "COUNT NAME", an answer a line of JSON.
import importlib, json, sys, time

_makers, _made, _versions = {}, {}, []
_answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not disturb


def case(name):
    def keep(make):
        _makers[name] = make
        return make
    return keep


def _answer(**fields):
    _answers.write(json.dumps(fields) + "\n")
    _answers.flush()


def load():
    for name in sys.argv[1:]:
        try:
            module = importlib.import_module(name)
        except ImportError:
            _answer(Missing=name)
            sys.exit(0)
        _versions.append("%s %s" % (name, getattr(module, "__version__", "")))
        globals()[name] = module


def _measure(name, count):
    if name not in _made:
        _made[name] = _makers[name]()
    call, result = _made[name], None
    wall, cpu = time.perf_counter(), time.process_time()  # user + system, all threads
    for _ in range(count):
        result = call()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return dict(CPU=cpu, Wall=wall, Value=float(result) if isinstance(result, (int, float)) else 0.0)


def serve():
    _answer(Versions=_versions, Cases=list(_makers))
    for line in sys.stdin:
        count, name = line.split(None, 1)
        try:
            answer = _measure(name.strip(), int(count))
        except Exception as e:
            answer = dict(Error="%s: %s" % (type(e).__name__, e))
        _answer(**answer)
