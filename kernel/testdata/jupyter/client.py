"""What front ends do, done by jupyter_client: usage: client.py KERNELNAME. Exits with 1 at the first surprise."""
import os
import queue
import signal
import sys
import time

from jupyter_client.manager import start_new_kernel


def check(what, ok, *seen):
    print(("ok    " if ok else "WRONG ") + what, *([] if ok else seen), flush=True)
    if not ok:
        sys.exit(1)


def outputs(kc, msg_id, timeout=20):
    """The iopub messages of a request, until idle."""
    got = []
    while True:
        m = kc.get_iopub_msg(timeout=timeout)
        if m["parent_header"].get("msg_id") != msg_id:
            continue
        if m["msg_type"] == "status":
            if m["content"]["execution_state"] == "idle":
                return got
            continue
        got.append(m)


def reply(kc, msg_id, timeout=20):
    while True:
        m = kc.get_shell_msg(timeout=timeout)
        if m["parent_header"].get("msg_id") == msg_id:
            return m["content"]


def run(kc, code, **options):
    msg_id = kc.execute(code, **options)
    got = outputs(kc, msg_id)
    return reply(kc, msg_id), got


def text(got, name="stdout"):
    return "".join(m["content"]["text"] for m in got if m["msg_type"] == "stream" and m["content"]["name"] == name)


def results(got):
    return [m["content"]["data"] for m in got if m["msg_type"] in ("execute_result", "display_data")]


start = time.time()
km, kc = start_new_kernel(kernel_name=sys.argv[1], startup_timeout=60)
print("      started in %.2f s" % (time.time() - start))
try:
    r, got = run(kc, "1 + 1")
    check("result", r["status"] == "ok" and results(got)[0]["text/plain"] == "2", r, got)
    check("first count", r["execution_count"] == 1, r)

    r, got = run(kc, 'import "os"\nfmt.Println("to stdout")\nfmt.Fprintln(os.Stderr, "to stderr")')
    check("streams", text(got) == "to stdout\n" and text(got, "stderr") == "to stderr\n", r, got)

    run(kc, "x := 41\nfunc next(n int) int { return n + 1 }")
    r, got = run(kc, "next(x)")
    check("values live on", results(got)[0]["text/plain"] == "42", r, got)

    r, got = run(kc, "mat.NewDense(2, 2, []float64{1, 2, 3, 4})")
    check("matrix has HTML", "text/html" in results(got)[0], r, got)
    r, got = run(kc, "image.NewRGBA(image.Rect(0, 0, 4, 4))")
    check("picture has PNG", "image/png" in results(got)[0], r, got)

    r, got = run(kc, "x := undefinedName")
    check("compile error", r["status"] == "error" and r["traceback"] and "undefinedName" in r["evalue"], r)
    errors = [m["content"] for m in got if m["msg_type"] == "error"]
    check("error on iopub", len(errors) == 1 and errors[0]["traceback"] == r["traceback"], got)
    r, got = run(kc, "[]int{1}[x]")
    check("panic", r["status"] == "error" and "out of range" in r["evalue"], r)
    r, got = run(kc, "x")
    check("values survive errors", results(got)[0]["text/plain"] == "41", r, got)

    ids = [kc.execute(code) for code in ('fmt.Println("a")', 'time.Sleep(100 * time.Millisecond)\npanic("stop")', 'fmt.Println("b")')]
    states = [reply(kc, i)["status"] for i in ids]
    check("cells after an error are aborted", states == ["ok", "error", "aborted"], states)
    outputs(kc, ids[-1])

    for how, interrupt in (
        ("message", km.interrupt_kernel),
        ("SIGINT", lambda: os.kill(km.provisioner.process.pid, signal.SIGINT)),
    ):
        for code in ("for {}", "select {}", "time.Sleep(time.Minute)"):
            if how == "SIGINT" and os.name == "nt":
                continue
            msg_id = kc.execute(code)
            time.sleep(0.3)
            before = time.time()
            interrupt()
            r = reply(kc, msg_id)
            took = time.time() - before
            check("%s interrupts %s (%.3f s)" % (how, code, took), r["status"] == "error" and took < 1, r)
            outputs(kc, msg_id)
    r, got = run(kc, "x + 1")
    check("cell after interrupts", results(got)[0]["text/plain"] == "42", r, got)

    msg_id = kc.execute("time.Sleep(700 * time.Millisecond)")
    before = time.time()
    r = reply(kc, kc.complete("strings.ToUp", 12))
    took = time.time() - before
    check("completion while a cell runs (%.3f s)" % took, any("ToUpper" in m for m in r["matches"]) and took < 0.5, r)
    r = reply(kc, kc.inspect("strings.ToUpper", 15))
    check("inspection", r["found"] and "ToUpper" in r["data"]["text/plain"], r)
    reply(kc, msg_id)

    before = time.time()
    r, got = run(kc, 'for i := 0; i < 13108; i++ { fmt.Println("%077d") }' % 7)
    wanted, streams = 13108 * 78, [m for m in got if m["msg_type"] == "stream"]
    check("1 MB of lines (%.3f s, %d messages)" % (time.time() - before, len(streams)), len(text(got)) == wanted, len(text(got)))

    times = []
    for _ in range(50):
        before = time.perf_counter()
        run(kc, "1 + 1")
        times.append(time.perf_counter() - before)
    print("      1 + 1: median %.2f ms" % (1000 * sorted(times)[25]))

    msg_id = kc.execute("var name string\nfmt.Scanln(&name)\nname", allow_stdin=True)
    ask = kc.get_stdin_msg(timeout=20)
    check("input is asked for", ask["msg_type"] == "input_request" and ask["parent_header"]["msg_id"] == msg_id, ask)
    kc.input("bob")
    got = outputs(kc, msg_id)
    check("input arrives", reply(kc, msg_id)["status"] == "ok" and results(got)[0]["text/plain"] == "bob", got)

    msg_id = kc.execute('len(display.Password("key: "))', allow_stdin=True)
    ask = kc.get_stdin_msg(timeout=20)
    check("a password is asked for", ask["content"] == {"prompt": "key: ", "password": True}, ask)
    kc.input("secret")
    got = outputs(kc, msg_id)
    check("and not shown", reply(kc, msg_id)["status"] == "ok" and results(got)[0]["text/plain"] == "6" and "secret" not in str(got), got)

    r, got = run(kc, 'for i := range 3 { display.Update("n", i) }\ndisplay.Clear(true)\nDisplay(display.HTML("<b>b</b>"))')
    kinds = [m["msg_type"] for m in got if m["msg_type"] not in ("execute_input", "status")]
    ids = {m["content"].get("transient", {}).get("display_id") for m in got if m["msg_type"] == "update_display_data"}
    check("displays, updates, clearing", kinds == ["display_data", "update_display_data", "update_display_data", "clear_output", "display_data"] and ids == {"n"}, kinds)
    r, got = run(kc, "1", user_expressions={"good": "x", "bad": "undefinedName"})
    e = r["user_expressions"]
    check("user expressions", e["good"]["data"]["text/plain"] == "41" and e["bad"]["status"] == "error", r)
    r, got = run(kc, "strings.ToUpper?")
    check("pager", [p["source"] for p in r["payload"]] == ["page"] and "ToUpper" in r["payload"][0]["data"]["text/plain"], r)
    r, got = run(kc, "!echo from the shell")
    check("shell", text(got) == "from the shell\n", r, got)
    r = reply(kc, kc.history(hist_access_type="search", pattern="next(*", unique=True, n=10))
    check("history", [h[2] for h in r["history"]] == ["next(x)"], r)
    brief, full = (reply(kc, kc.inspect("x", 1, detail_level=d)) for d in (0, 1))
    check("inspection shows the value", "var x int" in brief["data"]["text/plain"] and "41" in full["data"]["text/plain"], brief, full)

    r, got = run(kc, 'bar := progress.Start(ctx, "counting", 3)\nfor range 3 {\n\ttime.Sleep(200 * time.Millisecond)\n\tbar.Add(1)\n}\nbar.Finish("done")')
    kinds = [m["msg_type"] for m in got if "display" in m["msg_type"]]
    ids = {m["content"].get("transient", {}).get("display_id") for m in got if "display" in m["msg_type"]}
    check("a progress bar updates in place", len(kinds) > 1 and kinds[0] == "display_data" and set(kinds[1:]) == {"update_display_data"} and len(ids) == 1, r, got)

    second = km.client()
    second.start_channels()
    second.wait_for_ready(timeout=20)
    msg_id = kc.execute('fmt.Println("for all")')
    check("a second front end sees the output", text(outputs(second, msg_id)) == "for all\n")
    reply(kc, msg_id)
    r, got = run(second, "x")
    check("and shares the values", results(got)[0]["text/plain"] == "41", r, got)
    try:
        stray = kc.get_shell_msg(timeout=0.2)
        check("replies go to the one who asked", False, stray)
    except queue.Empty:
        pass
    second.stop_channels()

    km.restart_kernel(now=False)
    kc.wait_for_ready(timeout=60)
    r, got = run(kc, "x")
    check("restart forgets", r["status"] == "error", r)
    r, got = run(kc, "1 + 1")
    check("restart works", r["status"] == "ok", r)

    process = km.provisioner.process
    before = time.time()
    km.shutdown_kernel()
    check("shutdown (%.2f s)" % (time.time() - before), process is None or process.poll() is not None or not km.is_alive())
finally:
    kc.stop_channels()
    if km.is_alive():
        km.shutdown_kernel(now=True)
