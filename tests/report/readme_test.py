#!/usr/bin/env python3
"""Each number in the README's tables comes from a recorded run, or is one of those that were there before."""

import json
import pathlib
import runpy
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
figures = types.SimpleNamespace(**runpy.run_path(str(ROOT / "tools/figures")))
# Cells whose numbers were measured before runs were recorded. It only ever falls: delete a column of
# tests/report/readme.json when a recorded one has replaced it, and lower this.
WITHOUT_SOURCE = 46


def tables():
    return json.loads(figures.TABLES.read_text(encoding="utf-8"))


def bench_of(cells, verdict="met"):
    """A run in which each row that these cells name has the value 41.5."""
    parts = [source.split("|") for cell in cells for source in figures.SOURCE.findall(cell)]
    rows = {tuple(part[1:3]) for part in parts if part[0] == "bench"}
    values = {"value": 41.5, "ratio": 2.25, "verdict": verdict}
    found = [{"goal": goal, "what": f"  {what} ...", **values} for goal, what in rows]
    return {"machine": {"processor": "a fast one", "time": "2026-12-01T10:00:00"}, "figures": found}


def records(bench=None):
    budgets = {"workloads": {"W2": {"instructions": 231.48}}}
    row = {"series": "nanospan", "experiment": "orders", "case": "all sampled", "metric": "CPU added"}
    report = {"machine": {"processor": "a fast one"}, "figures": [{**row, "value": 1.19, "plus_minus": 7.35}]}
    return figures.Records(budgets, report, bench)


class ReadmeTest(unittest.TestCase):
    def test_its_tables_are_what_was_recorded(self):
        text = figures.README.read_text(encoding="utf-8")
        self.assertEqual(figures.with_tables(text, tables(), figures.Records.read()), text, "tools/figures draws them")

    def test_no_number_without_a_source_is_added(self):
        self.assertEqual(len(figures.without_source(tables())), WITHOUT_SOURCE)

    def test_every_number_of_the_recorded_column_has_a_source(self):
        found = [cell for cell in figures.without_source(tables()) if f", {figures.RECORDED}: " in cell]
        self.assertEqual(found, [])

    def test_every_source_of_the_tables_can_be_drawn(self):
        rows = [row for table in tables() for row in table["rows"]]
        bench = bench_of([row.get(figures.RECORDED, "") for row in rows])
        whole = figures.Records.read()
        whole.bench = bench  # tests/report/bench.json may not be there yet
        drawn = "".join(figures.drawn(table, whole) for table in tables())
        self.assertIn("| what | a fast one, 2026-12-01 |", drawn)
        self.assertNotRegex(drawn, r"[{}]")


class FiguresTest(unittest.TestCase):
    table = {
        "columns": ["recorded", "before"],
        "rows": [
            {"what": "a", "recorded": "{bench|S8|W4 end|value|.1f} M", "before": "4.1", "goal": "4 M", "missed": True}
            | {"reproduce": "`make bench`"},
            {"what": "b", "recorded": "{budget|W2|instructions|.0f}", "goal": "", "reproduce": ""},
            {"what": "c", "recorded": "{report|orders|all sampled|CPU added|value|+.1f} %", "goal": ""}
            | {"reproduce": ""},
        ],
    }

    def test_before_a_run_was_recorded_its_column_is_not_there(self):
        head, _, first, *_ = figures.drawn(self.table, records()).splitlines()
        self.assertEqual(head, "| what | before | goal | reproduce |")
        self.assertEqual(first, "| a | 4.1 | 4 M, missed | `make bench` |")

    def test_a_recorded_run_gives_numbers_and_says_what_was_missed(self):
        for verdict, goal in (("met", "4 M"), ("missed", "4 M, missed")):
            bench = bench_of([self.table["rows"][0]["recorded"]], verdict)
            head, _, *rows = figures.drawn(self.table, records(bench)).splitlines()
            self.assertEqual(head, "| what | a fast one, 2026-12-01 | before | goal | reproduce |")
            self.assertEqual(rows[0], f"| a | 41.5 M | 4.1 | {goal} | `make bench` |")
            self.assertEqual(rows[1:], ["| b | 231 | | | |", "| c | +1.2 % | | | |"])

    def test_a_row_that_is_not_there_or_twice_is_no_source(self):
        bench = bench_of([])
        names = ["W4 end to end", "W4 ending", "p99.9", "p99.99"]
        bench["figures"] = [{"goal": "S8", "what": name, "value": 1.0, "verdict": ""} for name in names]
        found = records(bench)
        self.assertEqual(found.number("bench|S8|W4 end|value|.1f"), "1.0")
        self.assertEqual(found.number("bench|S8|p99.9|value|.1f"), "1.0")
        for source in ("bench|S8|W4|value|.1f", "bench|S9|W4 end|value|.1f", "report|orders|a|b|value|.1f", "x|y"):
            with self.assertRaises(ValueError):
                found.number(source)

    def test_records_of_two_machines_are_refused(self):
        bench = bench_of([])
        bench["machine"]["processor"] = "another"
        with self.assertRaisesRegex(ValueError, "of two machines: a fast one, another"):
            records(bench)

    def test_numbers_that_stand_for_themselves_are_counted(self):
        self.assertEqual(figures.without_source([self.table]), ["a, before: 4.1"])


if __name__ == "__main__":
    unittest.main()
