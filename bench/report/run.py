"""Runs all experiments with progress, then writes report.json and report.html into ./nanospan-report/."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

import catalogue
import claims
import figures
import measures
import page
import seed

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGETS = ("experiments", "receiver", "end_to_end", "span_bench", "layout", "nanospan", "orders")
TARGETS += ("service_loop", "cluster_load", "shop")
SCENARIOS = ("shop", "high_throughput", "low_latency", "low_memory", "cluster")
# Their claims are of ten minutes each; overload takes root as well.
LONG_SCENARIOS = ("overload", "stalled")
LONG_SECONDS = 600
FULL_SCALE = 4


def plan(peers, full=False):
    """[(experiment, series, measure)] in the order in which they run; of the peers, those that are built."""
    steps = []
    for experiment in (catalogue.named("spans"), *catalogue.ALL):
        name = experiment.name
        steps.append((name, figures.OURS, measures.shares if name == "shares" else measures.ours(name)))
        if experiment.peer and figures.GO in peers:
            steps.append((name, figures.GO, measures.go_shares if name == "shares" else measures.peer(name)))
        steps += [(name, series, measures.rust(name, series)) for series in experiment.rust if series in peers]
    for measure in (measures.orders, measures.memory, measures.layout, measures.container, measures.comparison):
        steps.append((measure.__name__, figures.OURS, measure))
    steps += [(f"scenario_{name}", figures.OURS, measures.scenario(name)) for name in SCENARIOS]
    if full:
        long = ("--seconds", LONG_SECONDS)
        steps += [(f"scenario_{name}", figures.OURS, measures.scenario(name, *long)) for name in LONG_SCENARIOS]
    return [*steps, ("gateway", figures.OURS, measures.gateway)]


def build():
    print("building the benchmarks, the gateway and the orders service", flush=True)
    command = ["cmake", "--preset", "bench", "--log-level=WARNING"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    command = ["cmake", "--build", ROOT / "build/bench", f"-j{os.cpu_count()}", "--target", *TARGETS]
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def measure_all(bench, steps, started):
    for number, (name, series, measure) in enumerate(steps, 1):
        print(f"[{number:2}/{len(steps)}] {name:<24} {series:<10}", end="", flush=True)
        about = bench.report.experiments.setdefault(name, {"command": "", "seconds": 0, "notes": [], "errors": []})
        begun = time.monotonic()
        try:
            measure(bench)
            verdict = "done"
        except Exception as error:  # pylint: disable=broad-except - one that fails must not take the others with it
            verdict = f"FAILED: {error}"
            about["errors"].append(f"{series}: {error}")
        seconds = time.monotonic() - begun
        about["seconds"] = round(about.get("seconds", 0) + seconds, 1)
        print(f" {seconds:6.1f} s  {verdict}", flush=True)
    measures.taken_in(bench)
    bench.report.data["seconds"] = round(time.monotonic() - started)


def peers(bench):
    """The peers that are built, by series, each with its version."""
    found = {}
    for series, program, listed, pattern in (
        (figures.GO, bench.go, "go_bench/go.mod", r"go\.opentelemetry\.io/otel v(\S+)"),
        (figures.RUST, bench.rust, "rust_bench/Cargo.toml", r'opentelemetry_sdk = .*?version = "(.*?)"'),
        (figures.FASTRACE, bench.rust, "rust_bench/Cargo.toml", r'fastrace = .*?version = "(.*?)"'),
    ):
        if program.exists():
            version = re.search(pattern, (ROOT / "bench/peers" / listed).read_text(encoding="utf-8"))
            found[series] = f"{series} {version.group(1)}"
        else:
            print(f"{series} is not built, so it is missing beside our figures (make peers builds it)")
    return found


def write(report, folder, name):
    (folder / f"{name}.json").write_text(page.to_json(report), encoding="utf-8")
    (folder / f"{name}.html").write_text(page.render(report), encoding="utf-8")


def summary(report):
    """What did not hold, and the count of all."""
    for row in seed.ROWS:
        for line in seed.lines_of(row, report):
            if line.verdict in claims.BAD or line.verdict == claims.NOT_MEASURED:
                detail = f": {line.why}" if line.why else f" {line.ours}"
                print(f"  {row[0]:<10} {line.what[:70]:<71} {line.verdict}{detail}")
    counts = seed.totals(report)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def main():
    parser = argparse.ArgumentParser(prog="tools/report", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"each experiment {FULL_SCALE} times as long")
    parser.add_argument("--scale", type=float, help="each experiment so many times as long (1)")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="only this one, into only.html; may be given several times"
    )
    parser.add_argument(
        "--render", metavar="JSON", help="measure nothing: draw report.html beside this report.json anew"
    )
    parser.add_argument("--no-build", action="store_true", help="take the programs of build/bench as they are")
    options = parser.parse_args()
    if options.render:
        path = pathlib.Path(options.render)
        path.with_suffix(".html").write_text(page.render(figures.Report.read(path)), encoding="utf-8")
        print(f"{path.with_suffix('.html')}")
        return 0
    started = time.monotonic()  # with the build: what somebody waits for
    scale = options.scale or (FULL_SCALE if options.full else 1)
    command = "make report-full" if options.full else "make report"
    if options.only or options.scale or options.no_build:
        command = " ".join(["tools/report", *sys.argv[1:]])
    report = figures.empty(ROOT, command, options.full)
    if not options.no_build:
        build()
    folder = ROOT / "nanospan-report"
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    (folder / "inputs").mkdir(exist_ok=True)
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        bench = measures.Workbench(ROOT, report, scale, log)
        report.data["peers"] = peers(bench)
        steps = plan(report.data["peers"], full=options.full or bool(options.only))
        if options.only:
            known = {name for name, _, _ in steps}
            unknown = set(options.only) - known
            if unknown:
                sys.exit(
                    f"tools/report: no experiment {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
                )
            steps = [step for step in steps if step[0] in options.only]
        measure_all(bench, steps, started)
    name = "only" if options.only else "report"
    write(report, folder, name)
    if not options.only:
        summary(report)
    print(
        f"nanospan-report/{name}.html ({report.data['seconds'] / 60:.1f} minutes); behind it: {name}.json, log.txt"
    )
    return 1 if any(about.get("errors") for about in report.experiments.values()) else 0
