"""Checks the kernel sentence by sentence against Jupyter's messaging protocol 5.5, over plain pyzmq sockets.

    /usr/bin/python3 protocol.py PATH/TO/gonverge

It starts the kernel itself, prints a line a check, and exits with 1 if one failed.
"""
import datetime, hashlib, hmac, json, os, socket as S, subprocess, sys, tempfile, time, uuid
import zmq
BIN = os.path.abspath(sys.argv[1])
d = tempfile.mkdtemp()
cf = os.path.join(d, 'c.json')
socks = [S.socket() for _ in range(5)]
for k in socks:
    k.bind(('127.0.0.1', 0))
ports = [k.getsockname()[1] for k in socks]
for k in socks:
    k.close()
c = dict(zip(('shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'), ports))
c.update(transport='tcp', ip='127.0.0.1', key='secret', signature_scheme='hmac-sha256')
json.dump(c, open(cf, 'w'))
env = dict(os.environ, GONVERGE_CACHE=d, JPY_PARENT_PID=str(os.getpid()))
p = subprocess.Popen([BIN, 'kernel', cf], env=env, stderr=open(d + '/err', 'w'))
bad = 0

def check(name, ok, *info):
    global bad
    print(('ok    ' if ok else 'FAIL  ') + name, *([] if ok else [str(i)[:600] for i in info]))
    bad += not ok
ctx = zmq.Context()

class Client:

    def __init__(s, sub=b'', key=b'secret'):
        s.key = key
        s.session = uuid.uuid4().hex
        s.s = {}
        for n, t, port in (('shell', zmq.DEALER, 'shell_port'), ('control', zmq.DEALER, 'control_port'), ('stdin', zmq.DEALER, 'stdin_port'), ('iopub', zmq.SUB, 'iopub_port'), ('hb', zmq.REQ, 'hb_port')):
            k = ctx.socket(t)
            k.linger = 0
            if n != 'hb':
                k.setsockopt(zmq.IDENTITY, s.session.encode()) if t != zmq.SUB else k.setsockopt(zmq.SUBSCRIBE, sub)
            k.connect('tcp://127.0.0.1:%d' % c[port])
            s.s[n] = k

    def sign(s, parts):
        m = hmac.new(s.key, digestmod=hashlib.sha256)
        for q in parts:
            m.update(q)
        return m.hexdigest().encode()

    def make(s, t, content, **h):
        hd = {'msg_id': uuid.uuid4().hex, 'session': s.session, 'username': 'a', 'msg_type': t, 'version': '5.5', 'date': datetime.datetime.now(datetime.timezone.utc).isoformat()}
        hd.update(h)
        parts = [json.dumps(hd).encode(), b'{}', b'{}', json.dumps(content).encode()]
        return (hd['msg_id'], [b'<IDS|MSG>', s.sign(parts)] + parts)

    def send(s, sock, t, content={}, **h):
        i, f = s.make(t, content, **h)
        s.s[sock].send_multipart(f)
        return i

    def recv(s, sock, timeout=5):
        if not s.s[sock].poll(timeout * 1000):
            return None
        f = s.s[sock].recv_multipart()
        at = f.index(b'<IDS|MSG>')
        assert f[at + 1] == hmac.new(b'secret', b''.join(f[at + 2:at + 6]), hashlib.sha256).hexdigest().encode(), 'signature'
        h, pa, me, co = map(json.loads, f[at + 2:at + 6])
        for k in ('msg_id', 'session', 'username', 'msg_type', 'version', 'date'):
            assert k in h, (k, h)
        return {'h': h, 'p': pa, 'm': me, 'c': co, 'ids': f[:at], 't': h['msg_type']}

    def reply(s, i, sock='shell', timeout=10):
        while True:
            m = s.recv(sock, timeout)
            if m is None:
                return None
            if m['p'].get('msg_id') == i:
                return m

    def pub(s, i, timeout=10):
        out = []
        while True:
            m = s.recv('iopub', timeout)
            if m is None:
                return out + [None]
            if m['p'].get('msg_id') != i:
                continue
            out.append(m)
            if m['t'] == 'status' and m['c']['execution_state'] == 'idle':
                return out

    def ex(s, code, **kw):
        q = dict(code=code, silent=False, store_history=True, user_expressions={}, allow_stdin=False, stop_on_error=True)
        q.update(kw)
        return s.send('shell', 'execute_request', q)

    def run(s, code, **kw):
        i = s.ex(code, **kw)
        r = s.reply(i)
        return (r, s.pub(i))

    def drain(s):
        for k in ('shell', 'control', 'stdin', 'iopub'):
            while s.s[k].poll(100):
                s.s[k].recv_multipart()
a = Client()

# iopub_welcome
m = a.recv('iopub')
check('iopub_welcome first on subscribe', m and m['t'] == 'iopub_welcome' and (m['c'] == {'subscription': ''}), m)
b = Client(sub=b'xyz')
m = b.recv('iopub')
check('welcome names the subscription', m and m['c'] == {'subscription': 'xyz'}, m)
time.sleep(0.3)
a.drain()
kinds = lambda g: [x and x['t'] for x in g]

# kernel_info, status around every request
for sock in ('shell', 'control'):
    i = a.send(sock, 'kernel_info_request')
    r = a.reply(i, sock)
    g = a.pub(i)
    k = r and r['c']
    check('kernel_info on ' + sock, r and r['t'] == 'kernel_info_reply' and (k['status'] == 'ok') and (k['protocol_version'] == '5.5') and isinstance(k['supported_features'], list) and (k['language_info']['name'] == 'go') and k['language_info']['mimetype'] and k['banner'] and k['implementation'] and isinstance(k['help_links'], list), r)
    check('busy and idle around it (' + sock + ')', [x['c'].get('execution_state') for x in g] == ['busy', 'idle'] and all((x['p']['msg_id'] == i for x in g)), g)
a.s['hb'].send(b'ping')
check('heartbeat echoes', a.s['hb'].poll(2000) and a.s['hb'].recv() == b'ping')

# execute, silent, store_history, user_expressions, errors
r, g = a.run('x := 3\nfmt.Println("hi")\nx')
check('order of execute', kinds(g) == ['status', 'execute_input', 'stream', 'execute_result', 'status'], kinds(g))
n = r['c']['execution_count']
check('execute_reply fields', r['c']['status'] == 'ok' and r['c']['user_expressions'] == {} and (r['c']['payload'] == []) and (g[3]['c']['execution_count'] == n == g[1]['c']['execution_count']), r)
check('execute_result has metadata and data', g[3]['c']['data']['text/plain'] == '3' and g[3]['c']['metadata'] == {})
r, g = a.run('fmt.Println(5)\n7', silent=True)
check('silent: no input, no result, no count', not {'execute_input', 'execute_result'} & set(kinds(g)) and r['c']['execution_count'] == n, kinds(g), r)
r, g = a.run('8', store_history=False)
check('store_history false: input and result, count kept', kinds(g) == ['status', 'execute_input', 'execute_result', 'status'] and r['c']['execution_count'] == n, r, kinds(g))
r, g = a.run('9')
check('the next counts on', r['c']['execution_count'] == n + 1, r)
i = a.send('shell', 'history_request', dict(hist_access_type='tail', n=10, raw=True, output=False))
r = a.reply(i)
h = [x[2] for x in r['c']['history']]
check('history has neither silent nor unstored', h == ['x := 3\nfmt.Println("hi")\nx', '9'], h)
r, g = a.run('10', user_expressions={'ok': 'x+1', 'undefined': 'nope', 'panics': '[]int{}[x]', 'two': '1, 2', 'mime': 'display.HTML("b")', 'incomplete': 'x +'})
u = r['c']['user_expressions']
check('user_expressions', u['ok']['status'] == 'ok' and u['ok']['data']['text/plain'] == '4' and (u['ok']['metadata'] == {}) and all((u[k]['status'] == 'error' and u[k]['ename'] and u[k]['evalue'] and isinstance(u[k]['traceback'], list) and u[k]['traceback'] for k in ('undefined', 'panics', 'incomplete'))) and ('text/html' in u['mime']['data']), u)
check('their errors are not published', 'error' not in kinds(g) and r['c']['status'] == 'ok', kinds(g))
r, g = a.run('panic("boom")', user_expressions={'a': '1'})
check('error reply', r['c']['status'] == 'error' and r['c']['ename'] and r['c']['evalue'] and isinstance(r['c']['traceback'], list) and all((isinstance(l, str) for l in r['c']['traceback'])) and ('execution_count' in r['c']), r)
e = [x for x in g if x['t'] == 'error']
check('error on iopub as in reply', len(e) == 1 and e[0]['c']['traceback'] == r['c']['traceback'], e)
check('and no result', 'execute_result' not in kinds(g))


# stop_on_error
def batch(codes, **kw):
    ids = [a.ex(q, **kw) for q in codes]
    out = [a.reply(i)['c']['status'] for i in ids]
    gs = [a.pub(i) for i in ids]
    return (out, gs)
st, gs = batch(['time.Sleep(100*time.Millisecond)\npanic(1)', '1', '2'])
check('queued are aborted', st == ['error', 'aborted', 'aborted'], st)
check('aborted ones have busy and idle only', [kinds(q) for q in gs[1:]] == [['status', 'status']] * 2, [kinds(q) for q in gs])
r, g = a.run('1')
check('then all is well', r['c']['status'] == 'ok', r)
st, _ = batch(['time.Sleep(100*time.Millisecond)\npanic(1)', '1', '2'], stop_on_error=False)
check('stop_on_error false', st == ['error', 'ok', 'ok'], st)
st, _ = batch(['time.Sleep(100*time.Millisecond)\npanic(1)', '1'], silent=True)
check('silent errors abort nothing', st == ['error', 'ok'], st)
ids = [a.ex('time.Sleep(100*time.Millisecond)\npanic(1)')]
k = a.send('shell', 'kernel_info_request')
ids.append(a.ex('1'))
check('only cells are aborted', a.reply(ids[0]) is not None)
a.drain()
k = a.send('shell', 'kernel_info_request')
check('info after abort', a.reply(k))
a.pub(k)

# complete and inspect: cursors in code points
code = 'é := strings.ToUp'
i = a.send('shell', 'complete_request', dict(code=code, cursor_pos=len(code)))
r = a.reply(i)['c']
check('complete in code points', r['matches'] == ['ToUpper', 'ToUpperSpecial'] and (r['cursor_start'], r['cursor_end']) == (len(code) - 4, len(code)) or (r['matches'] and r['matches'][0].startswith('strings.ToUpper')), r)
t = r['metadata']['_jupyter_types_experimental']
check('types', all((set(x) >= {'start', 'end', 'text', 'type', 'signature'} for x in t)) and t[0]['type'] == 'function', t)
code = '𝛼𝛽 := 1; strings.ToUpper'
i = a.send('shell', 'inspect_request', dict(code=code, cursor_pos=len(code) - 2, detail_level=0))
r = a.reply(i)['c']
check('inspect', r['status'] == 'ok' and r['found'] and ('ToUpper' in r['data']['text/plain']) and ('metadata' in r), r)
i = a.send('shell', 'inspect_request', dict(code=code, cursor_pos=len(code) - 2, detail_level=1))
r1 = a.reply(i)['c']
check('inspect detail 1 says no less', len(r1['data']['text/plain']) >= len(r['data']['text/plain']), r1)
i = a.send('shell', 'inspect_request', dict(code='nosuchname', cursor_pos=3))
r = a.reply(i)['c']
check('inspect of nothing', r['status'] == 'ok' and r['found'] is False and (r['data'] == {}) and (r['metadata'] == {}), r)
for cur in (-5, 10 ** 6):
    i = a.send('shell', 'complete_request', dict(code='fmt.P', cursor_pos=cur))
    r = a.reply(i)
    check('cursor %d' % cur, r and r['c']['status'] == 'ok', r)

# is_complete
for code, want, ind in (('x := 1', 'complete', None), ('for i := range 3 {', 'incomplete', '\t'), ('for {\n\tif true {', 'incomplete', '\t\t'), ('x := `abc', 'incomplete', ''), ('f(1,', 'incomplete', None), ('1 +', 'incomplete', None), ('x = )', 'invalid', None), ('', 'complete', None), ('switch x {\ncase 1:', 'incomplete', None), ('%time 1', 'complete', None), ('/* c', 'incomplete', None), ('"abc', 'invalid', None)):
    i = a.send('shell', 'is_complete_request', dict(code=code))
    r = a.reply(i)['c']
    check('is_complete %r' % code, r['status'] == want and (want != 'incomplete' or 'indent' in r) and (ind is None or r['indent'] == ind), r)

# history
for q in ('fmt.Println("aa")', 'fmt.Println("bb")', 'fmt.Println("aa")'):
    a.run(q)
H = lambda **k: [x for x in a.reply(a.send('shell', 'history_request', dict(dict(raw=True, output=False), **k)))['c']['history']]
check('search', [x[2] for x in H(hist_access_type='search', pattern='fmt*aa*', n=10)] == ['fmt.Println("aa")'] * 2, H(hist_access_type='search', pattern='fmt*aa*', n=10))
check('search unique', [x[2] for x in H(hist_access_type='search', pattern='fmt*', unique=True, n=10)] == ['fmt.Println("bb")', 'fmt.Println("aa")'], H(hist_access_type='search', pattern='fmt*', unique=True, n=10))
check('search n', len(H(hist_access_type='search', pattern='*', n=2)) == 2)
check('range', [x[2] for x in H(hist_access_type='range', session=0, start=1, stop=2)] == ['x := 3\nfmt.Println("hi")\nx'], H(hist_access_type='range', session=0, start=1, stop=2))
check('output: triples of pairs', all((len(x) == 3 and len(x[2]) == 2 for x in H(hist_access_type='tail', n=2, output=True))), H(hist_access_type='tail', n=2, output=True))
check('unknown access', a.reply(a.send('shell', 'history_request', dict(hist_access_type='xx')))['c']['status'] in ('error', 'ok'))

# comms
i = a.send('shell', 'comm_open', dict(comm_id='c1', target_name='nosuch', data={}))
g = a.pub(i)
check('comm_open of an unknown target is closed', kinds(g) == ['status', 'comm_close', 'status'] and g[1]['c']['comm_id'] == 'c1', g)
i = a.send('shell', 'comm_info_request', {})
r = a.reply(i)['c']
check('comm_info', r['status'] == 'ok' and r['comms'] == {}, r)
a.reply(a.send('shell', 'comm_info_request', dict(target_name='jupyter.widget')))
r, g = a.run('s := widget.Show(widget.IntSlider{Label: "u", Max: 9})')
op = [x for x in g if x['t'] == 'comm_open']
check('widgets open comms once asked for', len(op) >= 2 and all((x['c']['target_name'] == 'jupyter.widget' for x in op)), kinds(g))
i = a.send('shell', 'comm_info_request', dict(target_name='jupyter.widget'))
r = a.reply(i)['c']
check('comm_info lists them', set(r['comms']) == {x['c']['comm_id'] for x in op}, r)
i = a.send('shell', 'comm_info_request', dict(target_name='other'))
check('of that target only', a.reply(i)['c']['comms'] == {})
a.drain()

# connect, and what nobody knows
i = a.send('shell', 'connect_request')
r = a.reply(i)['c']
check('connect', all((r[k] == c[k] for k in ('shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'))), r)
i = a.send('shell', 'debug_request', {})
r = a.reply(i)
check('unknown request answered with error', r and r['c']['status'] == 'error', r)
a.pub(i)

# input
r, g = a.run('var s string\nfmt.Scan(&s)')
check('input without allow_stdin is an error, at once', r['c']['status'] in ('error', 'ok') and a.s['stdin'].poll(200) == 0, r)
i = a.ex('display.Input("name? ")', allow_stdin=True)
q = a.recv('stdin')
check('input_request', q and q['t'] == 'input_request' and (q['c'] == {'prompt': 'name? ', 'password': False}) and (q['p']['msg_id'] == i), q)
a.send('stdin', 'input_reply', dict(value='ünï'))
r = a.reply(i)
g = a.pub(i)
check('input_reply', any((x['t'] == 'execute_result' and x['c']['data']['text/plain'] == 'ünï' for x in g)), g)
i = a.ex("bufio.NewReader(os.Stdin).ReadString('\\n')", allow_stdin=True)
q = a.recv('stdin')
a.send('stdin', 'input_reply', dict(value='line'))
g = a.pub(i)
a.reply(i)
check('bufio on os.Stdin', any((x['t'] == 'execute_result' and 'line' in x['c']['data']['text/plain'] for x in g)), g)
i = a.ex('display.Input("x")', allow_stdin=True)
a.recv('stdin')
a.send('control', 'interrupt_request')
r = a.reply(i)
check('interrupt while input is awaited', r and r['c']['status'] == 'error', r)
a.pub(i)
a.drain()

# displays and streams
r, g = a.run('display.DisplayID("d", 1)\ndisplay.Update("d", 2)\ndisplay.Clear(true)\ndisplay.Update("e", 3)')
check('display ids', [(x['t'], x['c'].get('transient', {}).get('display_id')) for x in g if 'display' in x['t'] or x['t'] == 'clear_output'] == [('display_data', 'd'), ('update_display_data', 'd'), ('clear_output', None), ('display_data', 'e')], [(x['t'], x['c']) for x in g])
check('clear_output wait', [x['c'] for x in g if x['t'] == 'clear_output'] == [{'wait': True}])
r, g = a.run('fmt.Fprintln(os.Stderr, "e")\nfmt.Println("o")\nprintln("p")\nlog.Print("l")')
check('streams in order', [x['c']['name'] for x in g if x['t'] == 'stream'] == ['stderr', 'stdout', 'stderr'], [x['c'] for x in g])

# everything else while a cell runs; interrupts
i = a.ex('for {}')
time.sleep(0.2)
for sock, t, cont in (('control', 'kernel_info_request', {}), ('shell', 'kernel_info_request', {}), ('shell', 'complete_request', dict(code='fmt.P', cursor_pos=5)), ('shell', 'inspect_request', dict(code='fmt.Print', cursor_pos=8)), ('shell', 'is_complete_request', dict(code='1')), ('shell', 'history_request', dict(hist_access_type='tail', n=1)), ('shell', 'comm_info_request', {})):
    t0 = time.time()
    k = a.send(sock, t, cont)
    r = a.reply(k, sock)
    check('%s on %s while a cell runs (%.1f ms)' % (t, sock, 1000 * (time.time() - t0)), r is not None)
t0 = time.time()
k = a.send('control', 'interrupt_request')
r = a.reply(k, 'control')
e = a.reply(i)
check('interrupt by message %.1f ms' % (1000 * (time.time() - t0)), r['c'] == {'status': 'ok'} and e['c']['status'] == 'error', e)
a.drain()
i = a.ex('select {}')
time.sleep(0.2)
t0 = time.time()
os.kill(p.pid, 2)
e = a.reply(i)
check('interrupt by SIGINT %.1f ms' % (1000 * (time.time() - t0)), e and e['c']['status'] == 'error', e)
a.pub(i)
os.kill(p.pid, 2)
time.sleep(0.2)
check('idle SIGINT does not end it', p.poll() is None)

# what must be dropped
i, f = a.make('execute_request', dict(code='os.WriteFile("%s/pwn", nil, 0o644)' % d, silent=False))
for what, frames in (('wrong signature', [f[0], b'0' * 64] + f[2:]), ('empty signature', [f[0], b''] + f[2:]), ('no delimiter', f[1:]), ('too few frames', f[:4]), ('not JSON', [f[0], a.sign([b'{', b'{}', b'{}', b'{}']), b'{', b'{}', b'{}', b'{}']), ('nothing', [b'']), ('huge', [b'x' * 5000000]), ('JSON of another kind', [f[0], a.sign([b'[]', b'3', b'null', b'"x"']), b'[]', b'3', b'null', b'"x"'])):
    for sock in ('shell', 'control', 'stdin'):
        a.s[sock].send_multipart(frames)
    check('dropped: ' + what, a.s['shell'].poll(100) == 0)
w = Client(key=b'wrong')
w.send('shell', 'kernel_info_request')
check('wrong key: no reply', w.s['shell'].poll(500) == 0)
check('none of them ran', not os.path.exists(d + '/pwn'))
i, f = a.make('execute_request', dict(code='77', silent=False))
a.s['shell'].send_multipart(f)
check('first time answered', a.reply(i))
a.pub(i)
a.s['shell'].send_multipart(f)
check('replay dropped', a.s['shell'].poll(500) == 0)
a.s['control'].send_multipart(f)
check('replay on another socket dropped', a.s['control'].poll(500) == 0)
for raw in (b'\x00' * 100, b'GET / HTTP/1.0\r\n\r\n', os.urandom(5000), b'\xff' + b'\x00' * 8 + b'\x7f\x03\x00NULL' + b'\x00' * 100):
    for port in ('shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'):
        s = S.create_connection(('127.0.0.1', c[port]))
        s.sendall(raw)
        s.close()
r, g = a.run('1+1')
check('alive after all that', r and r['c']['status'] == 'ok', r)
for port in ('shell_port', 'iopub_port'):
    try:
        S.create_connection((S.gethostbyname(S.gethostname()), c[port]), timeout=1)
        ok = S.gethostbyname(S.gethostname()).startswith('127.')
    except OSError:
        ok = True
    check('bound to 127.0.0.1 only', ok)

# odd contents
for t, cont in (('execute_request', {'code': 5}), ('complete_request', {}), ('inspect_request', {'code': None}), ('history_request', {}), ('is_complete_request', {}), ('shutdown_request', {'restart': 'x'})):
    i = a.send('shell', t, cont)
    r = a.reply(i)
    check('odd %s answered' % t, r is not None, r)
    a.pub(i)
r, g = a.run('1+1')
check('still alive', r and r['c']['status'] == 'ok', r)

# two clients
b2 = Client()
time.sleep(0.3)
b2.drain()
i = b2.ex('99')
r = b2.reply(i)
g = a.pub(i)
check("another's cell is seen with its input", [x['t'] for x in g] == ['status', 'execute_input', 'execute_result', 'status'] and a.s['shell'].poll(100) == 0, g)
i1 = a.ex('time.Sleep(200*time.Millisecond)\npanic(1)')
i2 = b2.ex('5')
s1, s2 = (a.reply(i1), b2.reply(i2))
check('an error aborts (as ipykernel) what waits of others: ' + s2['c']['status'], s1['c']['status'] == 'error')
a.drain()
b2.drain()

# output of goroutines belongs to their cells
i = a.ex('go func() { time.Sleep(150*time.Millisecond); fmt.Println("late") }()')
a.reply(i)
j = a.ex('time.Sleep(400*time.Millisecond)\nfmt.Println("now")')
got = []
t0 = time.time()
while time.time() - t0 < 1.5:
    m = a.recv('iopub', 0.3)
    if m and m['t'] == 'stream':
        got.append((m['c']['text'], m['p']['msg_id']))
check('late output belongs to its cell', sorted(got) == sorted([('late\n', i), ('now\n', j)]), got, i, j)
a.drain()

# shutdown
i = a.send('control', 'shutdown_request', dict(restart=True))
r = a.reply(i, 'control')
check('shutdown reply', r and r['c'] == {'status': 'ok', 'restart': True}, r)
try:
    p.wait(5)
    ok = p.returncode == 0
except Exception:
    ok = False
check('and it ends, exit code 0', ok, p.returncode)
if bad:
    print(open(d + '/err').read()[:3000])
sys.exit(bad != 0)
