"""How each experiment is measured: which program is run, how its output becomes figures.

A measure is a function (Workbench) -> None that adds figures to the report; what it raises is noted as the
experiment's error, and the next one goes on.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import time
import urllib.request

import claims
import pprof
from figures import FASTRACE, GO, OURS, RUST, figure
from intervals import change

MEASURE_SECONDS_MAX = 420  # and four times that in full: overload and stalled take ten minutes
# The Go SDK exports on another processor in these, as ours does.
PEER_ON_ALL_PROCESSORS = ("thread_count", "stalls", "presets", "schedule_delay", "queue_pair")
AWAY_MS = {"queue_size": "50", "multiplexing": "5"}  # how far the receiver is, as in bench/experiments
# Leaf first: time counts where it is spent. Encoding is inlined into the function that makes spans (make_ten).
OUR_RULES = (
    ("the benchmark's own pacing", (re.compile(r"sched_yield|nanosleep|^nanospan::bench::pace"),)),
    ("network", (re.compile(r"^_*(libc_|GI_+)?(send|recv|connect|write|read|p?poll|epoll)|^nanospan::net::"),)),
    ("lock", (re.compile(r"pthread_(mutex|cond)|lll_lock|futex"),)),
    (
        "allocate",
        (re.compile(r"malloc|^_int_free|^(__libc_|c)?free$|calloc|realloc|^operator (new|delete)|^m(un)?map|madvise"),),
    ),
    ("queue and batch", (re.compile(r"^nanospan::sdk::(Drain|BatchPipeline|Batch|Ring)"),)),
    ("encode", (re.compile(r"^nanospan::bench::make_ten|^nanospan::(v0::|detail::|sdk::)"),)),
)
GO_RULES = (
    (
        "allocate",
        (
            "runtime.mallocgc",
            "runtime.gc",
            "runtime.bgsweep",
            "runtime.newobject",
            "runtime.growslice",
            "runtime.makeslice",
            "runtime.scanobject",
            "runtime.greyobject",
            "runtime.(*mspan)",
            "runtime.(*mheap)",
            "runtime.(*mcache)",
            "runtime.bgscavenge",
            "runtime.memclr",
            "runtime.wbBuf",
            "runtime.mark",
        ),
    ),
    (
        "lock",
        (
            "sync.(*Mutex)",
            "sync.(*RWMutex)",
            "runtime.chansend",
            "runtime.chanrecv",
            "runtime.selectgo",
            "runtime.lock",
            "runtime.unlock",
            "runtime.futex",
            "runtime.park",
            "runtime.findRunnable",
            "runtime.schedule",
            "runtime.mcall",
        ),
    ),
    ("network", ("net/http", "net.(*", "syscall", "internal/poll", "crypto/", "runtime.netpoll", "bufio.")),
    ("encode", ("proto.Marshal", "google.golang.org/protobuf", "tracetransform", "otlptrace")),
    ("make the span", ("sdk/trace", "main.", "attribute.", "trace.")),
)


class Workbench:
    """Where things are, how long they may take, and the report that they fill."""

    def __init__(self, root, report, scale, log):
        self.root, self.report, self.scale, self.log = pathlib.Path(root), report, scale, log
        self.programs = self.root / "build/bench/bench"
        self.nanospan = self.root / "build/bench/nanospan"
        self.orders = self.root / "build/bench/examples/orders/orders"
        self.go = self.root / "build/peers/go_bench"
        self.rust = self.root / "build/peers/rust_bench"
        self.folder = self.root / "nanospan-report"

    def run(self, *command, cpu=None, codes=(0,)):
        """Runs to its end; its output goes to the log and is returned. `codes`: with what it may end."""
        words = [str(word) for word in command]
        self.log.write(f"\n$ {' '.join(words)}\n")
        self.log.flush()
        pin = None if cpu is None else (lambda: os.sched_setaffinity(0, {cpu % os.cpu_count()}))
        seconds = MEASURE_SECONDS_MAX * max(1, self.scale)
        done = subprocess.run(
            words, cwd=self.root, capture_output=True, text=True, timeout=seconds, preexec_fn=pin, check=False
        )
        self.log.write(done.stdout + done.stderr)
        if done.returncode not in codes:
            lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
            raise RuntimeError(f"{pathlib.Path(words[0]).name} ended with {done.returncode}: {lines[-1]}")
        return done.stdout

    def take(self, experiment, series, path):
        data = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.report.add(experiment, series, data["figures"])
        notes = self.report.experiments[experiment].setdefault("notes", [])
        notes += [note for note in data.get("notes", []) if note not in notes]

    def command(self, experiment, text):
        self.report.experiments[experiment]["command"] = text

    @contextlib.contextmanager
    def receiver(self, *arguments):
        """Our receiver on processor 1; its address."""
        words = [self.programs / "receiver", "--die-with-parent", *arguments]
        pin = lambda: os.sched_setaffinity(0, {1 % os.cpu_count()})  # noqa: E731
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, preexec_fn=pin)
        try:
            yield f"127.0.0.1:{process.stdout.readline().split()[1]}"
        finally:
            process.kill()
            process.wait()


def ours(name):
    """An experiment of bench/experiments."""

    def measure(bench):
        out = bench.folder / "parts" / f"{name}.json"
        command = [bench.programs / "experiments", name, "--scale", bench.scale, "--json", out]
        bench.command(name, f"build/bench/bench/experiments {name} --scale {bench.scale:g}")
        bench.run(*command)
        bench.take(name, OURS, out)

    return measure


def peer(name):
    """The same with the Go SDK, against the same receiver."""

    def measure(bench):
        out = bench.folder / "parts" / f"{name}.go.json"
        away = ("--answer-after-ms", AWAY_MS[name]) if name in AWAY_MS else ()
        with bench.receiver(*away) as address:
            cpu = None if name in PEER_ON_ALL_PROCESSORS else 0
            bench.run(bench.go, "--experiment", name, "--scale", bench.scale, "--json", out, address, cpu=cpu)
        bench.take(name, GO, out)

    return measure


def rust(name, series):
    """The same with a peer of bench/peers/rust_bench."""
    word = {RUST: "sdk", FASTRACE: "fastrace"}[series]

    def measure(bench):
        out = bench.folder / "parts" / f"{name}.{word}.json"
        with bench.receiver() as address:
            bench.run(bench.rust, word, name, "--scale", bench.scale, "--json", out, address, cpu=0)
        bench.take(name, series, out)

    return measure


def fetch(url, seconds=30):
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return answer.read()


def shares(bench):
    """Our pipeline profiled by our profiler while it is flat out."""
    out = bench.folder / "parts/shares.json"
    words = [bench.programs / "experiments", "shares", "--scale", 1, "--json", out]
    bench.command("shares", "build/bench/bench/experiments shares, profiled at 1000 Hz")
    with open(bench.folder / "parts/shares.txt", "w+", encoding="utf-8") as said:
        process = subprocess.Popen([str(w) for w in words], stdout=said, stderr=subprocess.STDOUT)
        try:
            port = wait_for(bench.folder / "parts/shares.txt", r"profile port (\d+)")
            base = f"http://127.0.0.1:{port}/debug/pprof/"
            profile = fetch(base + "profile?seconds=4&hz=1000")
            history = fetch(base + "profile?from=-3s&to=now")
            page = fetch(base)
            if process.wait(timeout=60):
                raise RuntimeError("experiments shares failed; see nanospan-report/parts/shares.txt")
        finally:
            process.kill()
    (bench.folder / "parts/shares.pprof").write_bytes(profile)
    found = pprof.stacks(profile)
    add_shares(bench, OURS, found, OUR_RULES)
    bench.take("shares", OURS, out)
    outside = re.search(rb"""(?:src|href)\s*=\s*["']?https?:""", page)
    bench.report.experiments["profiling"] = {"command": bench.report.experiments["shares"]["command"]}
    figures = [
        figure("profile", "samples", len(found), "stacks"),
        figure("history", "samples", len(pprof.stacks(history)), "stacks"),
        figure("page", "served, asking nothing from outside", 0 if outside or not page else 1, "page"),
    ]
    bench.report.add("profiling", OURS, figures)


def go_shares(bench):
    profile = bench.folder / "parts/shares.go.pprof"
    with bench.receiver() as address:
        out = bench.folder / "parts/shares.go.json"
        words = ["--experiment", "shares", "--scale", 1, "--profile", profile, "--json", out, address]
        bench.run(bench.go, *words, cpu=0)
    add_shares(bench, GO, pprof.stacks(profile.read_bytes()), GO_RULES)
    bench.take("shares", GO, out)


def add_shares(bench, series, found, rules):
    percent = pprof.shares(found, rules)
    bench.report.add("shares", series, [figure(name, "share", value, "%") for name, value in percent.items()])
    notes = bench.report.experiments["shares"].setdefault("notes", [])
    text = (
        "Shares of CPU samples, each counted where it was spent; ours encodes at the call, so making a span and "
        "encoding it are one, while the Go SDK encodes at export"
    )
    if text not in notes:
        notes.append(text)


def wait_for(path, pattern, seconds=30):
    """The first group of `pattern` in what a program writes to `path`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8", errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise RuntimeError(f"{path} never said {pattern!r}")


def memory(bench):
    """What a service holds, and one whose receiver is dead: a scenario of end_to_end."""
    out = bench.folder / "parts/memory.json"
    scale = min(1.0, 0.7 * bench.scale)
    bench.command("memory", f"build/bench/bench/end_to_end service_memory --scale {scale:g}")
    bench.run(bench.programs / "end_to_end", "--json", out, "--scale", scale, "service_memory")
    rows = json.loads(out.read_text(encoding="utf-8"))
    for row in rows:
        short = "that never reads: highest" in row["what"]
        case, metric = ("receiver never reads", "highest memory") if short else (row["what"].strip(), "value")
        bench.report.add("memory", OURS, [figure(case, metric, row["value"], row["unit"])])


def layout(bench):
    bench.command("layout", "build/bench/bench/layout")
    said = bench.run(bench.programs / "layout")
    structures = re.findall(r"^(\w+): (\d+) bytes, aligned", said, re.MULTILINE)
    figures = [figure("pinned structures", "count", len(structures), "")]
    figures += [figure(name, "size", int(size), "bytes") for name, size in structures]
    bench.report.add("layout", OURS, figures)


@contextlib.contextmanager
def service(bench, name, *arguments):
    """An orders service on a free port: (process, port)."""
    said = bench.folder / f"parts/{name}.log"
    database = bench.folder / f"parts/{name}.db"
    for old in database.parent.glob(f"{name}.db*"):
        old.unlink()
    words = [bench.orders, "--port", 0, "--database", database, *arguments]
    with open(said, "w", encoding="utf-8") as log:
        process = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log)
    try:
        yield process, wait_for(said, r"listening on http://[^:]+:(\d+)")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def high_water_mib(pid):
    found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found.group(1)) / 1024


def orders(bench):
    """The orders service with tracing off, at 1 % and at 100 %, loaded in turn by the same clients."""
    requests = (
        'POST /api/orders {"customer":"ann","items":[{"sku":"TEA-1","quantity":2,"unit_price_cents":450}]}',
        "GET /api/orders/1",
        "GET /api/orders?limit=10",
    )
    seconds = 18 * bench.scale
    kinds = {"tracing off": ("--tracing", "off"), "1 % sampled": ("--sample-ratio", "0.01"), "all sampled": ()}
    bench.command("orders", "nanospan load http --json, 100 connections, the three services in turn, a second each")
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(bench.receiver("--fast"))
        words, processes = [], {}
        for name, arguments in kinds.items():
            tracing = () if name == "tracing off" else ("--endpoint", f"http://{address}")
            process, port = stack.enter_context(
                service(bench, "orders-" + name.split()[0].replace("%", ""), *arguments, *tracing)
            )
            processes[name] = process
            words += ["--url", f"http://127.0.0.1:{port}", "--label", name, "--pid", process.pid]
        for request in requests:
            words += ["--request", request]
        load = [bench.nanospan, "load", "http", "--json", "--connections", 100, *words]
        bench.run(*load, "--seconds", 1.5, "--round", 0.5)  # caches, pools, the first order
        said = bench.run(*load, "--seconds", seconds, "--round", 1)
        held = {name: high_water_mib(process.pid) for name, process in processes.items()}
    found = {line["label"]: line for line in map(json.loads, said.splitlines())}
    for name, line in found.items():
        figures = [
            figure(name, "requests", line["requests_per_second"], "/s"),
            figure(name, "P50 of a request", line["p50_ms"], "ms"),
            figure(name, "P99 of a request", line["p99_ms"], "ms"),
            {
                **figure(name, "CPU a request", line["cpu_us_per_request"], "us"),
                "plus_minus": line["cpu_us_half_interval"],
            },
            figure(name, "memory", held[name], "MiB"),
            figure(name, "answers that are errors", 100 * line["error_status"] / line["requests"], "%"),
        ]
        if name != "tracing off":
            figures.append(cpu_added(name, line, found["tracing off"]))
        bench.report.add("orders", OURS, figures)
        if line["failed"]:
            raise RuntimeError(f"{name}: {line['failed']} requests were not answered")


def cpu_added(name, line, off):
    """What tracing adds to a request, in percent: rounds were taken in turn, so each is compared with its neighbour."""
    added, half = change(line["cpu_us_rounds"], off["cpu_us_rounds"])
    return {**figure(name, "CPU added", added, "%"), "plus_minus": half}


def container(bench):
    """What the gateway makes of a machine with one processor for it."""
    said = bench.folder / "parts/container.log"
    bench.command("container", "taskset -c 0 nanospan serve")
    config = bench.folder / "parts/container.yaml"
    config.write_text(
        "receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}\nexporters: {debug: {}}\n"
        "service:\n  telemetry: {metrics: {level: none}}\n"
        "  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}\n",
        encoding="utf-8",
    )
    pin = lambda: os.sched_setaffinity(0, {0})  # noqa: E731
    with open(said, "w", encoding="utf-8") as log:
        words = [bench.nanospan, "serve", "--config", config]
        process = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log, preexec_fn=pin)
    try:
        workers = int(wait_for(said, r"(\d+) processors? \("))
    finally:
        process.terminate()
        process.wait(timeout=15)
    bench.report.add("container", OURS, [figure("one processor allowed", "workers", workers, "")])


def scenario(name, *arguments):
    """A scenario with its checks, as tools/scenario runs it."""
    experiment = f"scenario_{name}"

    def measure(bench):
        bench.command(experiment, " ".join(str(word) for word in ("tools/scenario", *arguments, name)))
        words = arguments or (("--quick",) if bench.scale < 1 else ())
        bench.run(bench.root / "tools/scenario", "--no-build", *words, name, codes=(0, 1))  # 1: a check is missed
        data = json.loads((bench.root / f"build/scenarios/{name}.json").read_text(encoding="utf-8"))
        verdicts = {"ok": claims.MET, "MISSED": claims.MISSED}
        for row in data["figures"]:
            bench.report.add(experiment, OURS, [figure("", row["what"], row["value"], row["unit"])])
            if row["verdict"]:
                judged = {"target": row["bound"], "verdict": verdicts[row["verdict"]]}
                bench.report.data["figures"][-1].update(judged)

    return measure


def gateway(bench):
    """A core's worth of gateway beside the Go Collector, on two paths of tools/bench-gateway."""
    out = bench.folder / "parts/gateway.json"
    collector = bench.root / "build/peers/collector"
    words = ["--rounds", 2, "--seconds", 4, "--only", "G1,G5", "--nanospan", bench.nanospan, "--json", out]
    words += ["--collector", collector if collector.exists() else "none"]
    bench.command("gateway", "tools/bench-gateway --rounds 2 --only G1,G5")
    bench.run(bench.root / "tools/bench-gateway", *words, codes=(0, 1))  # 1: a round of one of them has no figure
    unit, rounds = "spans_per_cpu_second", {}
    for row in json.loads(out.read_text(encoding="utf-8"))["figures"]:
        if row["unit"] == unit:
            path, side = row["what"].rsplit(", ", 1)
            rounds.setdefault(path, {}).setdefault(side, []).append(row["value"])
    for path, sides in rounds.items():
        middle = {side: statistics.median(values) for side, values in sides.items()}
        figures = [figure(path, f"{side}, of one core", value, "spans/s") for side, value in middle.items()]
        if len(middle) == 2:
            figures.append(figure(path, "against the Collector", middle["nanospan"] / middle["Go Collector"], "x"))
        bench.report.add("gateway", OURS, figures)


def comparison(bench):
    """bench-compare on runs of this machine: a program against itself, and against itself slowed down by 10 %."""
    parts, files = bench.folder / "parts", {"a": [], "b": [], "slow": []}
    flags = ["--benchmark_filter=in_process/W4", "--benchmark_repetitions=10", "--benchmark_out_format=json"]
    bench.command("comparison", "nanospan bench-compare a.json b.json, 60 runs of in_process/W4 each, in turn")
    for name in ("a", "b", "b", "a") * 3:
        path = parts / f"compare-{name}{len(files[name])}.json"
        bench.run(bench.programs / "span_bench", *flags, f"--benchmark_out={path}")
        files[name].append(str(path))
        if name == "b":
            files["slow"].append(str(slowed_down(path, 1.10)))
    for case, new in (("A/A", "b"), ("10 % added", "slow")):
        words = [bench.nanospan, "bench-compare", ",".join(files["a"]), ",".join(files[new])]
        words += ["--unit", "ns", "--format", "json"]
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        count = json.loads(done.stdout)["regressions"]
        bench.report.add("comparison", OURS, [figure(case, "regressions", count, "")])


def slowed_down(path, factor):
    """A copy of Google Benchmark's results in which every time is larger."""
    slow = json.loads(path.read_text(encoding="utf-8"))
    for run in slow["benchmarks"]:
        run.update({unit: run[unit] * factor for unit in ("real_time", "cpu_time", "ns") if unit in run})
    out = path.with_name("slow-" + path.name)
    out.write_text(json.dumps(slow), encoding="utf-8")
    return out


def taken_in(bench):
    """What other tools left for the report: nanospan-report/inputs/NAME.json, figures as all our reports have them."""
    for path in sorted((bench.folder / "inputs").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = data if isinstance(data, list) else data.get("figures", [])
        of = {} if isinstance(data, list) else data
        started = of.get("started") or time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
        commit = f"commit {of['commit']}" if of.get("commit") else "at a commit that it does not name"
        note = f"Not of this run: measured {started}, {commit}"
        bench.report.experiments[path.stem] = {"command": f"inputs/{path.name}", "notes": [note], "errors": []}
        for row in rows:
            case, metric = row.get("case") or row.get("goal", ""), row.get("metric") or row["what"].strip()
            bench.report.add(path.stem, OURS, [figure(case, metric, row["value"], row.get("unit", ""))])
            extra = {key: row[key] for key in ("target", "verdict", "plus_minus") if key in row}
            bench.report.data["figures"][-1].update(extra)
