"""What the scenarios share: programs that are started and ended, what a gateway counts, and the table of checks.

A scenario runs in a folder of its own, build/scenarios/NAME, where its programs leave their logs and databases.
"""

import contextlib
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from children import die_with_parent

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))  # ports, slow_proxy, cgroups
BUILD = ROOT / "build" / "bench"
# A backend that is the bottleneck, and the requests that it gets too many of.
SPAN_BYTES = 822  # what `load otlp` makes
BATCH = 200
BACKEND_SPANS_PER_SECOND = 10_000
READY_SECONDS_MAX = 30
END_SECONDS_MAX = 120  # of a program that was told to end: a gateway drains first
NOT_RUN = 77  # the exit code of a scenario that this machine cannot run


class Later(threading.Thread):
    """Calls `action` after so many seconds. done() waits for it, and raises what it raised."""

    def __init__(self, seconds, action):
        super().__init__(daemon=True)
        self.seconds, self.action = seconds, action
        self.cancelled, self.over, self.error = threading.Event(), threading.Event(), None
        self.start()

    def run(self):
        if self.cancelled.wait(self.seconds):
            return
        try:
            self.action()
        except BaseException as error:  # pylint: disable=broad-except - SystemExit, too: threads swallow it
            self.error = error
        self.over.set()
        self.cancelled.wait()  # a program that it started dies with this thread

    def done(self):
        self.over.wait()
        if self.error is not None:
            raise self.error

    def cancel(self):
        self.cancelled.set()
        self.join()


class Stage:
    """Starts programs, and ends them with the scenario, whatever happens."""

    def __init__(self, name):
        self.folder = ROOT / "build" / "scenarios" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.programs, self.actions = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for action in self.actions:
            action.cancel()
        for program in self.programs:
            if program.poll() is None:
                program.kill()
        for program in self.programs:
            program.wait()

    def later(self, seconds, action):
        """What has not begun when the scenario ends never does. See Later."""
        self.actions.append(Later(seconds, action))
        return self.actions[-1]

    def start(self, name, *command, environment=None, show_log=False, enter=None):
        """In the background; output to NAME.out, log to NAME.log, or to the terminal. `enter` is called in it first."""

        def begin():
            die_with_parent()
            if enter is not None:
                enter()

        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.log", "wb") as log:
            program = subprocess.Popen(
                [str(word) for word in command],
                cwd=self.folder,
                stdout=out,
                stderr=None if show_log else log,
                stdin=subprocess.DEVNULL,
                env=dict(os.environ, **(environment or {})),
                preexec_fn=begin,
            )
        program.name = name
        self.programs.append(program)
        return program

    def log(self, program):
        return (self.folder / f"{program.name}.log").read_text(errors="replace")

    def wait_for_log(self, program, pattern):
        """The match of a line of its log."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.log(program)):
                return found
            if program.poll() is not None:
                break
            time.sleep(0.02)
        sys.exit(f"{program.name} did not start:\n{self.log(program)}")

    def stop(self, program):
        """SIGTERM, and its standard output once it has ended."""
        program.send_signal(signal.SIGTERM)
        try:
            code = program.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            sys.exit(f"{program.name} did not end within {END_SECONDS_MAX} s of SIGTERM:\n{self.log(program)}")
        if code != 0:
            sys.exit(f"{program.name} ended with {code}:\n{self.log(program)}")
        return (self.folder / f"{program.name}.out").read_text()

    def stop_json(self, program):
        return json.loads(self.stop(program))

    def json_of(self, name, *command, codes=(0,), **how):
        """Runs a program to its end, which is one of these exit codes: the lines of JSON that it prints."""
        program = self.start(name, *command, **how)
        if program.wait() not in codes:
            sys.exit(f"{name} ended with {program.returncode}:\n{self.log(program)}")
        return [json.loads(line) for line in (self.folder / f"{name}.out").read_text().splitlines()]

    def receiver(self):
        """bench/receiver, which decodes and counts."""
        return Receiver(self)

    def gateway(self, name, exporter, enter=None, processor=None):
        return Gateway(self, name, exporter, enter, processor)


class Receiver:
    def __init__(self, stage):
        self.program = stage.start("receiver", BUILD / "bench/receiver")
        deadline = time.monotonic() + READY_SECONDS_MAX
        out = stage.folder / "receiver.out"
        while not (found := re.match(r"port (\d+)", out.read_text())):
            if time.monotonic() > deadline:
                sys.exit("receiver did not start")
            time.sleep(0.02)
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def counts(self):
        lines = get(self.port, "/counts").splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}


class Gateway:
    """nanospan serve with one exporter and at most one processor, each as YAML."""

    def __init__(self, stage, name, exporter, enter=None, processor=None):
        kind = exporter.strip().partition(":")[0]
        processors = processor.partition(":")[0] if processor else ""
        (stage.folder / f"{name}.yaml").write_text(
            f"""receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}, grpc: {{endpoint: "127.0.0.1:0"}}}}}}
exporters:
  {exporter.strip()}
processors: {{{processor or ""}}}
service:
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [{processors}], exporters: [{kind}]}}
"""
        )
        self.program = stage.start(name, BUILD / "nanospan", "serve", "--config", f"{name}.yaml", enter=enter)
        stage.wait_for_log(self.program, r"  limits  ")
        self.port = int(stage.wait_for_log(self.program, r"  receiver .*http [^ /]*:(\d+)")[1])
        self.metrics_port = int(stage.wait_for_log(self.program, r"  metrics .*http [^ /]*:(\d+)")[1])
        self.url = f"http://127.0.0.1:{self.port}"
        grpc_port = stage.wait_for_log(self.program, r"  receiver .*grpc [^ ]*:(\d+)")[1]
        self.grpc_url = f"http://127.0.0.1:{grpc_port}"

    def metric(self, name, label=""):
        """The sum of a counter over its labels, or over those series that have this one."""
        total = 0.0
        for line in get(self.metrics_port, "/metrics").splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] in (name, f"{name}_total") and label in series:
                total += float(value)
        return total


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read().decode()


def resident_peak_mb(program):
    """VmHWM of a running program, in 10^6 bytes."""
    status = pathlib.Path(f"/proc/{program.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e6


class Report:
    """Checks with a bound, figures without one; a table for people, JSON for programs (and for bench-compare)."""

    COMPARE = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, "=": lambda a, b: a == b}

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.rows, self.began = [], time.time()

    def check(self, what, value, relation, bound, unit="", note=""):
        passed = self.COMPARE[relation](value, bound)
        self.rows.append(
            {"what": what, "value": value, "unit": unit, "bound": f"{relation} {number(bound)} {unit}".rstrip()}
            | {"verdict": "ok" if passed else "MISSED", "note": note}
        )

    def figure(self, what, value, unit="", note=""):
        self.rows.append({"what": what, "value": value, "unit": unit, "bound": "", "verdict": "", "note": note})

    @property
    def passed(self):
        return all(row["verdict"] != "MISSED" for row in self.rows)

    def table(self):
        head = {"what": "check", "bound": "bound", "measured": "measured", "verdict": "verdict"}
        rows = [head] + [row | {"measured": f"{number(row['value'])} {row['unit']}".rstrip()} for row in self.rows]
        width = {key: max(len(row[key]) for row in rows) for key in head}
        lines = []
        for row in rows:
            note = f"  {row['note']}" if row.get("note") else ""
            line = f"  {row['what']:{width['what']}}  {row['bound']:{width['bound']}}  "
            lines.append((line + f"{row['measured']:>{width['measured']}}  {row['verdict']}{note}").rstrip())
        return "\n".join(lines)

    def finish(self, folder):
        """Prints, writes NAME.json into the folder's parent; the exit code."""
        missed = sum(row["verdict"] == "MISSED" for row in self.rows)
        print(f"\n{self.name}: {self.title}\n\n{self.table()}\n")
        print(f"{self.name}: " + ("passed" if self.passed else f"{missed} of the checks missed"))
        document = {
            "scenario": self.name,
            "passed": self.passed,
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors",
            "load_average": os.getloadavg()[0],
            "commit": commit(),
            "seconds": round(time.time() - self.began, 1),
            "figures": self.rows,
        }
        file = folder.parent / f"{self.name}.json"
        file.write_text(json.dumps(document, indent=1) + "\n")
        print(f"written to {file.relative_to(ROOT)}; logs in {folder.relative_to(ROOT)}/")
        return 0 if self.passed else 1


def number(value):
    """12,345 or 12.3 or 0.123: what people read."""
    if isinstance(value, float) and abs(value) < 1000 and value != int(value):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:,.0f}"


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
