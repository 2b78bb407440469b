#!/usr/bin/env python3
"""The report says what was measured, judges nothing else, and its page needs nothing from outside.

recorded.json is report.json of a real run; other reports are made up here, figure by figure.
"""

import gzip
import html.parser
import json
import pathlib
import re
import runpy
import sys
import tempfile
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "bench"), str(HERE.parent.parent / "bench/report")]

import catalogue  # noqa: E402
import claims  # noqa: E402
import figures  # noqa: E402
import measures  # noqa: E402
import numbers_text  # noqa: E402
import page  # noqa: E402
import plots  # noqa: E402
import pprof  # noqa: E402
import seed  # noqa: E402

# The sections of the guide that have numbers or claims. None may go missing.
SECTIONS = (
    "1 2.1 2.2 2.3 3.1 3.2 3.3 3.4 4.1 4.2 4.3 4.4 5.1 5.2 5.3 5.4 6.1 6.2 6.3 7.1-7.3 8.1 8.2 8.3 9.1 9.2 9.3 10.1 "
    "10.1-10.3 10.3 11.1 11.2 11.3 12"
).split()
VOID = {"meta", "br", "link", "img", "hr", "input"}


def report_of(*measured, errors=None, peers=None):
    """A report with these (experiment, series, case, metric, value, unit)."""
    machine = {"processor": "a <fast> one", "processors": 2, "memory_gib": 8, "system": "Debian", "kernel": "6.1"}
    data = {
        "machine": {**machine, "load_before": 0.1},
        "commit": "0123",
        "changed": False,
        "command": "make report",
    }
    data |= {"started": "today", "seconds": 60, "full": False, "figures": [], "peers": peers or {}}
    data["experiments"] = {name: {"errors": found} for name, found in (errors or {}).items()}
    report = figures.Report(data)
    for experiment, series, case, metric, value, unit in measured:
        report.experiments.setdefault(experiment, {"command": "", "notes": [], "errors": []})
        report.add(experiment, series, [figures.figure(case, metric, value, unit)])
    return report


class Tags(html.parser.HTMLParser):
    """Notes elements that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.report = figures.Report.read(HERE / "recorded.json")
        cls.page = page.render(cls.report)

    def test_it_asks_nothing_from_outside(self):
        links = re.findall(r"\b(?:src|href|action|data|poster)\s*=\s*[\"']?([^\s\"'>]+)", self.page)
        self.assertEqual([link for link in links if not link.startswith("#")], [])
        self.assertNotRegex(self.page, r"(?i)<script|<link|<iframe|<object|@import|url\(")

    def test_every_section_of_the_guide_is_there_with_a_verdict(self):
        titles = [section for row in seed.ROWS for section in row[0].split(", ")]
        self.assertEqual(sorted(set(SECTIONS) - set(titles)), [])
        for row in seed.ROWS:
            self.assertIn(page.text(row[1]), self.page)
            for line in seed.lines_of(row, self.report):
                self.assertIn(page.text(line.what), self.page)
                self.assertTrue(line.verdict, line.what)

    def test_every_experiment_of_the_recorded_run_is_drawn(self):
        for experiment in catalogue.ALL:
            self.assertIn(f'id="{experiment.name}"', self.page)
            for kind, metric in experiment.plots:
                self.assertTrue(
                    [
                        f
                        for f in self.report.figures(experiment.name)
                        if (f["case"].endswith(": " + metric) if kind == "histogram" else f["metric"] == metric)
                    ],
                    f"{experiment.name} has no {metric}",
                )

    def test_every_claim_finds_its_figure_in_the_recorded_run(self):
        elsewhere = (
            "make pgo was not run",
            "ten minutes each: make report-full",
            "docs/report.md",
            "no Meter API",
        )  # tools of their own, and what is not built
        missing = [
            f"{row[0]} {line.what}: {line.why}"
            for row in seed.ROWS
            for line in seed.lines_of(row, self.report)
            if line.verdict == claims.NOT_MEASURED and not any(words in line.why for words in elsewhere)
        ]
        self.assertEqual(missing, [])

    def test_elements_are_closed_in_order(self):
        tags = Tags()
        tags.feed(self.page)
        self.assertEqual((tags.wrong, tags.open), ([], []))

    def test_what_was_measured_is_text_and_not_markup(self):
        drawn = page.render(report_of(("spans", figures.OURS, "<b>case</b>", "time & more", 1, "ns")))
        self.assertNotIn("<b>case", drawn)
        self.assertIn("&lt;b&gt;case&lt;/b&gt;", drawn)
        self.assertIn("a &lt;fast&gt; one", drawn)

    def test_the_json_is_read_back_as_it_was_and_as_bench_compare_wants_it(self):
        again = figures.Report(json.loads(page.to_json(self.report)))
        self.assertEqual(again.data, self.report.data)
        for figure in again.data["figures"]:
            self.assertTrue(figure["what"])
            self.assertIsInstance(figure["value"], (int, float))


class PgoTest(unittest.TestCase):
    pgo = types.SimpleNamespace(**runpy.run_path(str(HERE.parent.parent / "tools/pgo")))

    def rows_of_the_guide(self, counted, plain, trained):
        """Verdicts of section 8.3 on what make pgo leaves: instructions from 100 to `counted`, CPU run by run."""
        pgo = self.pgo
        instructions = {pgo.PLAIN: dict.fromkeys(pgo.COUNTED, 100), pgo.TRAINED: dict.fromkeys(pgo.COUNTED, counted)}
        sides = {pgo.PLAIN: plain, pgo.TRAINED: trained}
        rows = pgo.figures_of(instructions, dict.fromkeys((pgo.END_TO_END, *pgo.MEASURED_PATHS), sides))
        with tempfile.TemporaryDirectory() as name:
            inputs = pathlib.Path(name, "inputs")
            inputs.mkdir()
            document = {"commit": "abc", "started": "2026-12-01 04:00", "figures": rows}
            (inputs / "pgo.json").write_text(json.dumps(document))
            report = report_of()
            measures.taken_in(types.SimpleNamespace(folder=pathlib.Path(name), report=report))
        lines = seed.lines_of(next(row for row in seed.ROWS if row[0] == "8.3"), report)
        self.assertEqual({line.why for line in lines}, {"Not of this run: measured 2026-12-01 04:00, commit abc"})
        return [line.verdict for line in lines]

    def test_the_rows_of_the_guide_find_what_make_pgo_leaves(self):
        for counted, trained, verdicts in (
            (93, [45.0, 45.1, 44.9, 45.0], [claims.CONFIRMED] * 5),
            (97, [49.0, 49.1, 48.9, 49.0], [claims.SMALLER] * 5),
            (103, [60.0, 60.1, 59.9, 60.0], [claims.WORSE] * 5),
            (99.5, [40.0, 60.0, 45.0, 56.0], [claims.NO_GAIN] * 2 + [claims.UNCERTAIN] * 3),
        ):
            self.assertEqual(self.rows_of_the_guide(counted, [50.0] * 4, trained), verdicts)

    def test_a_drift_that_meets_both_sides_hides_no_gain(self):
        verdicts = self.rows_of_the_guide(93, [50.0, 60.0, 80.0, 100.0], [45.0, 54.1, 71.9, 90.0])
        self.assertEqual(verdicts, [claims.CONFIRMED] * 5)

    def test_what_is_generated_into_a_build_is_not_counted(self):
        """Its path is another in each build, and g++ refuses what was counted under the other."""
        root = HERE.parent.parent
        text = "".join(path.read_text() for path in root.glob("src/*/module.cmake"))
        generated = re.findall(r"file\(\w+ OUTPUT (\S+\.cc)", text)
        option = r"PROPERTIES\s+COMPILE_OPTIONS -fno-profile-generate\)"
        left_out = re.findall(r"set_source_files_properties\((\S+) " + option, text)
        self.assertTrue(generated)
        self.assertEqual(generated, left_out)

    def test_what_was_measured_before_says_when_and_at_which_commit(self):
        with tempfile.TemporaryDirectory() as folder:
            inputs = pathlib.Path(folder, "inputs")
            inputs.mkdir()
            rows = [{"what": "w", "case": "c", "metric": "CPU", "value": -2, "unit": "%"}]
            named = {"commit": "abc", "started": "2026-12-01 04:00", "figures": rows}
            for name, data in (("pgo", named), ("old", rows)):
                (inputs / f"{name}.json").write_text(json.dumps(data))
            report = report_of()
            measures.taken_in(types.SimpleNamespace(folder=pathlib.Path(folder), report=report))
        self.assertEqual(report.value("pgo", "c", "CPU"), -2)
        said = report.experiments["pgo"]["notes"]
        self.assertEqual(said, ["Not of this run: measured 2026-12-01 04:00, commit abc"])
        self.assertIn("a commit that it does not name", report.experiments["old"]["notes"][0])


class HistogramTest(unittest.TestCase):
    def test_calls_by_their_length_are_a_table_and_a_histogram_for_each_case_of_the_operation(self):
        spread = [
            ("stalls", figures.OURS, case, f"{label}, {page.SPREAD}", count, "")
            for case in ("under load: end", "receiver dead: end", "under load: set")
            for label, count in (("under 100 ns", 999_999.0), ("to 1 us", 1.0), ("10 ms and more", 0.0))
        ]
        report = report_of(("stalls", figures.OURS, "under load: end", "p99", 40, "ns"), *spread)
        drawn = page.render(report)
        for case in ("under load: end", "receiver dead: end", "under load: set"):
            self.assertEqual(drawn.count(f"<title>{case}</title>"), 1, case)
        self.assertIn(f"<caption>{page.SPREAD}</caption>", drawn)
        self.assertIn("<th>case</th><th class=\"number\">under 100 ns</th>", drawn)

    def test_one_call_of_a_million_is_still_seen_and_none_is_not(self):
        drawn = plots.histogram("end", [("under 100 ns", 999_999.0), ("to 1 us", 1.0), ("to 10 us", 0.0)], 0)
        heights = [float(height) for height in re.findall(r'<rect[^>]* height="([\d.]+)"', drawn)]
        self.assertEqual(heights[2], 0)
        self.assertTrue(3 < heights[1] < heights[0] <= 74, heights)


class ClaimsTest(unittest.TestCase):
    def test_a_bound_is_met_up_to_and_with_the_bound(self):
        claim = claims.limit("P99", "< 10 ms", "tails", "end", "p99", 10)
        for value, verdict in ((10, claims.MET), (10.1, claims.MISSED)):
            self.assertEqual(claim(report_of(("tails", figures.OURS, "end", "p99", value, "ms"))).verdict, verdict)

    def test_a_bound_within_the_interval_is_neither_met_nor_missed(self):
        claim = claims.limit("CPU added", "3 %", "orders", "all", "CPU added", 3)
        for value, half, verdict in (
            (2, 2, claims.UNCERTAIN),
            (4, 2, claims.UNCERTAIN),
            (0.5, 2, claims.MET),
            (9, 2, claims.MISSED),
        ):
            report = report_of()
            added = {**figures.figure("all", "CPU added", value, "%"), "plus_minus": half}
            report.add("orders", figures.OURS, [added])
            self.assertEqual(claim(report).verdict, verdict, (value, half))

    def test_a_rate_must_be_reached(self):
        claim = claims.limit("rate", "10K", "flow", "512", "throughput", 10_000, at_least=True)
        for value, verdict in ((9_999, claims.MISSED), (10_000, claims.MET)):
            report = report_of(("flow", figures.OURS, "512", "throughput", value, "spans/s"))
            self.assertEqual(claim(report).verdict, verdict)

    def test_what_was_not_measured_is_not_judged_and_says_why(self):
        claim = claims.limit("P99", "< 10 ms", "tails", "end", "p99", 10)
        line = claim(report_of(errors={"tails": ["nanospan: the receiver is gone"]}))
        self.assertEqual(
            (line.verdict, line.ours, line.why), (claims.NOT_MEASURED, "", "nanospan: the receiver is gone")
        )

    def test_the_peer_alone_is_no_measurement_of_ours(self):
        claim = claims.limit("P99", "< 10 ms", "tails", "end", "p99", 10, peer=True)
        self.assertEqual(
            claim(report_of(("tails", figures.GO, "end", "p99", 1, "ms"))).verdict, claims.NOT_MEASURED
        )

    def test_a_peer_that_was_not_built_is_named_with_the_remedy(self):
        claim = claims.limit("P99", "", "tails", "end", "p99", 10, peer=True)
        line = claim(report_of(("tails", figures.OURS, "end", "p99", 1, "ms")))
        self.assertEqual(line.peer, "peer not built: make peers")

    def test_an_improvement_is_confirmed_only_if_it_is_one(self):
        claim = claims.pair("pooling", "-80 %", "pair", "time", "before", "after")
        for after, verdict in (
            (20, claims.CONFIRMED),
            (80, claims.SMALLER),
            (97, claims.NO_GAIN),
            (103, claims.NO_GAIN),
            (130, claims.WORSE),
        ):
            measured = (("before", 100), ("after", after))
            report = report_of(*[("pair", figures.OURS, case, "time", value, "ns") for case, value in measured])
            self.assertEqual(claim(report).verdict, verdict, after)

    def test_an_improvement_of_a_rate_goes_up(self):
        claim = claims.pair("batching", "", "pair", "rate", "before", "after", higher=True)
        measured = (("before", 100), ("after", 400))
        report = report_of(*[("pair", figures.OURS, case, "rate", value, "spans/s") for case, value in measured])
        line = claim(report)
        self.assertEqual((line.verdict, line.ours), (claims.CONFIRMED, "100 spans/s → 400 spans/s (4 x)"))


class PlotsTest(unittest.TestCase):
    def widths(self, drawn):
        return [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', drawn)]

    def test_bars_are_as_long_as_their_values(self):
        one, two = self.widths(plots.bars("time", "ns", [("a", 0, 50.0), ("b", 0, 100.0)]))
        self.assertAlmostEqual(two, 2 * one, delta=0.2)

    def test_bars_of_zero_and_below_stay_inside(self):
        self.assertEqual(self.widths(plots.bars("time", "ns", [("a", 0, 0.0), ("b", 0, -3.0)])), [1.0, 1.0])

    def test_a_case_that_a_series_lacks_is_left_out_of_its_line(self):
        drawn = plots.lines("rate", "spans/s", "batch", ["1", "2"], [("a", 0, [1.0, 2.0]), ("b", 1, [None, 3.0])])
        self.assertEqual(drawn.count("<circle"), 3)

    def test_a_wide_range_is_drawn_logarithmically_unless_it_has_a_zero(self):
        for low, log in ((1.0, True), (0.0, False), (50.0, False)):
            drawn = plots.lines("rate", "ns", "batch", ["1", "2"], [("a", 0, [low, 100.0])])
            self.assertEqual("(logarithmic)" in drawn, log, low)

    def test_nothing_measured_is_no_division_by_zero(self):
        self.assertIn("<svg", plots.lines("rate", "ns", "batch", ["1"], [("a", 0, [None])]))
        self.assertIn("<svg", plots.lines("rate", "ns", "batch", ["1"], [("a", 0, [0.0])]))


class NumbersTest(unittest.TestCase):
    def test_numbers_have_three_digits_and_the_unit_that_fits(self):
        for value, unit, text in (
            (0, "ns", "0 ns"),
            (48.26, "ns", "48.3 ns"),
            (12_345, "ns", "12.3 µs"),
            (0.0052, "ms", "5.2 µs"),
            (5_100_000, "spans/s", "5.1 M spans/s"),
            (26_123, "/s", "26.1 k/s"),
            (950, "/s", "950/s"),
            (3, "", "3"),
            (12.5, "%", "12.5 %"),
        ):
            self.assertEqual(numbers_text.text(value, unit), text)


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def profile(*samples):
    """pprof of samples (names from leaf to root, value)."""
    names = sorted({name for stack, _ in samples for name in stack})
    strings = message(6, b"") + b"".join(message(6, name.encode()) for name in names)
    index = {name: i + 1 for i, name in enumerate(names)}
    out = b""
    for stack, value in samples:
        ids = b"".join(varint(index[name]) for name in stack)
        out += message(2, message(1, ids) + message(2, varint(1) + varint(value)))
    for i in index.values():
        out += message(4, number(1, i) + message(4, number(1, i))) + message(5, number(1, i) + number(2, i))
    return out + strings


class PprofTest(unittest.TestCase):
    RULES = (("allocate", (re.compile("^malloc"),)), ("encode", ("Span::",)))

    def test_time_counts_where_it_is_spent(self):
        found = pprof.stacks(profile((["malloc", "Span::set"], 30), (["Span::set", "main"], 60), (["main"], 10)))
        self.assertEqual(pprof.shares(found, self.RULES), {"allocate": 30, "encode": 60, "other": 10})

    def test_compressed_or_not(self):
        plain = profile((["main"], 5))
        self.assertEqual(pprof.stacks(gzip.compress(plain)), pprof.stacks(plain))

    def test_a_profile_that_is_cut_off_is_refused(self):
        whole = profile((["malloc", "Span::set"], 30), (["main"], 300))
        for size in range(1, len(whole)):
            try:
                pprof.stacks(whole[:size])
            except ValueError:
                continue  # refused, or (below) cut between two fields, which protobuf cannot tell

    def test_no_samples_are_no_shares(self):
        with self.assertRaises(ValueError):
            pprof.shares([], self.RULES)


if __name__ == "__main__":
    unittest.main()
