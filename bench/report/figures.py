"""What a report holds: figures, and where they came from. The form is report.json; everything else is drawn from it.

    {"machine": {...}, "commit": "...", "command": "make report", "started": "...", "seconds": 700, "full": false,
     "experiments": {NAME: {"command": "...", "seconds": 8.1, "notes": [...], "errors": [...]}},
     "figures": [{"experiment": NAME, "series": "nanospan", "case": "512", "metric": "throughput",
                  "value": 1.2e6, "unit": "spans/s", "what": "...", "plus_minus": half of its 95 % interval, if known}]}

`nanospan bench-compare OLD/report.json NEW/report.json` reads it too. Standard library only.
"""

import json
import os
import pathlib
import platform
import subprocess
import time

OURS = "nanospan"
GO = "Go SDK"
RUST = "Rust SDK"
FASTRACE = "fastrace"


class Report:
    def __init__(self, data):
        self.data = data
        self.by_key = {(f["experiment"], f["series"], f["case"], f["metric"]): f for f in data.get("figures", [])}

    @classmethod
    def read(cls, path):
        return cls(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))

    @property
    def experiments(self):
        return self.data["experiments"]

    def add(self, experiment, series, figures):
        """Figures as the programs write them: case, metric, value, unit."""
        for figure in figures:
            case, metric = figure["case"], figure["metric"]
            what = f"{experiment}, {series}, {case}: {metric}"
            whole = {"what": what, "experiment": experiment, "series": series, "case": case, "metric": metric}
            whole |= {key: figure[key] for key in ("value", "unit", "plus_minus") if key in figure}
            self.data["figures"].append(whole)
            self.by_key[experiment, series, case, metric] = whole

    def value(self, experiment, case, metric, series=OURS):
        """The number, or None if it was not measured."""
        figure = self.by_key.get((experiment, series, case, metric))
        return figure["value"] if figure else None

    def figures(self, experiment):
        return [f for f in self.data["figures"] if f["experiment"] == experiment]

    def errors(self, experiment):
        return self.experiments.get(experiment, {}).get("errors", [])


def figure(case, metric, value, unit):
    return {"case": case, "metric": metric, "value": value, "unit": unit}


def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def machine():
    models = [line for line in read_text("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    memory = [line.split()[1] for line in read_text("/proc/meminfo").splitlines() if line.startswith("MemTotal")]
    release = dict(line.split("=", 1) for line in read_text("/etc/os-release").splitlines() if line.count("=") == 1)
    return {
        "processor": models[0].split(":")[1].strip() if models else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory[0]) / 2**20, 1) if memory else 0,
        "system": release.get("PRETTY_NAME", platform.system()).strip('"'),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def git(root, *arguments):
    command = ["git", "-c", "safe.directory=*", *arguments]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def empty(root, command, full):
    return Report(
        {
            "machine": machine(),
            "commit": git(root, "rev-parse", "--short=12", "HEAD") or "unknown",
            "changed": bool(git(root, "status", "--porcelain", "--untracked-files=no")),
            "command": command,
            "started": time.strftime("%Y-%m-%d %H:%M:%S %z"),
            "seconds": 0,
            "full": full,
            "experiments": {},
            "figures": [],
        }
    )
