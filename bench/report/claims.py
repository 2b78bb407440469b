"""What the guide claims, as functions of a report: each looks up its figures and gives one line with a plain verdict.

Nothing is judged that was not measured: a line without its figure says why, or what to run.
"""

import dataclasses
import re

import numbers_text
from figures import GO, OURS

MET, MISSED, CONFIRMED, NO_GAIN, WORSE, SHOWN = "met", "missed", "confirmed", "no gain", "worse", "measured"
SMALLER, UNCERTAIN, NOT_MEASURED = "less than claimed", "not certain", "not measured"
GOOD, BAD = {MET, CONFIRMED}, {MISSED, WORSE}
# Changes below this share are no finding on a machine that others share.
CHANGE_SHARE_MIN = 0.05
# The same of what noise does not make: counts, and changes beyond their interval.
CERTAIN_SHARE_MIN = 0.01


@dataclasses.dataclass(frozen=True)
class Line:
    what: str
    claim: str
    ours: str
    peer: str
    verdict: str
    why: str = ""


def _why_missing(report, experiment, hint):
    errors = report.errors(experiment)
    if errors:
        return errors[0]
    return hint or ("was not run" if experiment not in report.experiments else "was not in this run")


def _peer(report, text):
    if text:
        return text
    built = report.data.get("peers", {}).get(GO)
    return "" if built else "peer not built: make peers"


def limit(what, claim, experiment, case, metric, bound, at_least=False, peer=False, hint=""):
    """A figure against a bound in the figure's own unit: the guide's, or, where `claim` is empty, one of our own."""

    def line(report):
        figure = report.by_key.get((experiment, OURS, case, metric))
        if figure is None:
            return Line(what, claim, "", "", NOT_MEASURED, _why_missing(report, experiment, hint))
        value, unit = figure["value"], figure["unit"]
        said = claim or f"our own: {'≥' if at_least else '≤'} {numbers_text.text(bound, unit)}"
        met = value >= bound if at_least else value <= bound
        certain = abs(value - bound) >= figure.get("plus_minus", 0)
        other = report.value(experiment, case, metric, GO)
        text = "" if other is None else numbers_text.text(other, unit)
        shown = numbers_text.of_figure(figure)
        verdict = UNCERTAIN if not certain else MET if met else MISSED
        return Line(what, said, shown, _peer(report, text) if peer else "", verdict)

    return line


def shown(what, claim, experiment, case, metric, peer=False, hint=""):
    """A figure for which the guide gives a value of its own machine, not a bound."""

    def line(report):
        figure = report.by_key.get((experiment, OURS, case, metric))
        if figure is None:
            return Line(what, claim, "", "", NOT_MEASURED, _why_missing(report, experiment, hint))
        other = report.value(experiment, case, metric, GO)
        text = "" if other is None else numbers_text.text(other, figure["unit"])
        ours = numbers_text.text(figure["value"], figure["unit"])
        return Line(what, claim, ours, _peer(report, text) if peer else "", SHOWN)

    return line


def _change(report, experiment, metric, before, after, series):
    old, new = (report.by_key.get((experiment, series, case, metric)) for case in (before, after))
    if old is None or new is None:
        return None, ""
    text = f"{numbers_text.text(old['value'], old['unit'])} → {numbers_text.text(new['value'], new['unit'])}"
    if old["value"] == 0:
        return (0.0 if new["value"] == 0 else float("inf")), text
    change = new["value"] / old["value"] - 1
    if change >= 1:
        return change, f"{text} ({numbers_text.digits(change + 1)} x)"
    return change, f"{text} ({100 * change:+.0f} %)".replace("-", "−")


def _claimed(claim):
    """The share that the guide says in percent, the smallest of a range; 0 where it gives none."""
    found = re.match(r"[+−-](\d+)(-\d+)? %", claim)
    return int(found.group(1)) / 100 if found else 0.0


def pair(what, claim, experiment, metric, before, after, higher=False, peer=False):
    """An improvement that the guide claims: both sides measured, here and with the peer."""

    def line(report):
        change, ours = _change(report, experiment, metric, before, after, OURS)
        if change is None:
            return Line(what, claim, "", "", NOT_MEASURED, _why_missing(report, experiment, ""))
        _, other = _change(report, experiment, metric, before, after, GO)
        gain = change if higher else -change
        verdict = NO_GAIN if abs(gain) < CHANGE_SHARE_MIN else CONFIRMED if gain > 0 else WORSE
        if verdict == CONFIRMED and gain < _claimed(claim) * (1 - CHANGE_SHARE_MIN):
            verdict = SMALLER
        return Line(what, claim, ours, _peer(report, other) if peer else "", verdict)

    return line


def gain(what, claim, experiment, case, metric, hint=""):
    """An improvement that another tool measured: a change in percent, with its interval if it has one; less is better.

    An interval that spans 0 does not tell a gain from a loss, whatever the guide says."""

    def line(report):
        figure = report.by_key.get((experiment, OURS, case, metric))
        if figure is None:
            return Line(what, claim, "", "", NOT_MEASURED, _why_missing(report, experiment, hint))
        share, half = -figure["value"] / 100, figure.get("plus_minus", 0) / 100
        if half and abs(share) <= half:
            verdict = UNCERTAIN
        elif abs(share) < CERTAIN_SHARE_MIN:
            verdict = NO_GAIN
        else:
            verdict = WORSE if share < 0 else CONFIRMED if share >= _claimed(claim) else SMALLER
        notes = report.experiments.get(experiment, {}).get("notes", [])
        return Line(what, claim, numbers_text.of_figure(figure), "", verdict, notes[0] if notes else "")

    return line


def cost(what, claim, experiment, metric, before, after, peer=False):
    """What something that is wanted costs: the change, not judged."""
    judged = pair(what, claim, experiment, metric, before, after, peer=peer)

    def line(report):
        found = judged(report)
        return found if found.verdict == NOT_MEASURED else dataclasses.replace(found, verdict=SHOWN)

    return line


def checks(names, why="was not in this run"):
    """What these experiments judged themselves, or all their figures if they judge nothing. `why`: one is missing."""

    def lines_of(report, name):
        short = name.removeprefix("scenario_")
        found = report.figures(name)
        if not found:
            return [Line(short, "", "", "", NOT_MEASURED, _why_missing(report, name, why))]
        return [
            Line(
                f"{short}: {f['case']} {f['metric']}".replace(":  ", ": "),
                f.get("target", ""),
                numbers_text.text(f["value"], f["unit"]),
                "",
                f.get("verdict") or SHOWN,
            )
            for f in ([f for f in found if "verdict" in f] or found)
        ]

    return lambda report: [line for name in names for line in lines_of(report, name)]
