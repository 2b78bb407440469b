"""Draws a report as one HTML page that needs nothing else: style and plots are in it, no script, no request."""

import html
import json
import pathlib

import catalogue
import claims
import numbers_text
import plots
import seed
from figures import FASTRACE, GO, OURS, RUST

STYLE = pathlib.Path(__file__).with_name("page.css")
SERIES = (OURS, GO, RUST, FASTRACE)
# "p99, without the machine's" goes into a table of its own, whose caption is what follows the comma.
NET = "without the machine's"
SPREAD = "calls of a million by their length"


def to_json(report):
    """One figure a line, so that two reports can be looked at side by side."""
    data = dict(report.data)
    lines = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in data.pop("figures"))
    head = json.dumps(data, indent=1, ensure_ascii=False)
    return f'{head[:-2]},\n "figures": [\n{lines}\n ]\n}}\n'


def text(content):
    return html.escape(str(content), quote=True)


def _machine(report):
    data = report.data
    m = data["machine"]
    busy = m["load_before"] > m["processors"] / 4
    entries = [
        ("machine", f"{m['processor']}, {m['processors']} processors, {m['memory_gib']} GiB"),
        ("system", f"{m['system']}, kernel {m['kernel']}"),
        ("commit", data["commit"] + (", with changes that are not committed" if data["changed"] else "")),
        ("command", data["command"]),
        ("measured", f"{data['started']}, {data['seconds'] / 60:.0f} minutes"),
        (
            "load before",
            f"{m['load_before']:.1f}" + (", busy: times and tails show other programs, too" if busy else ""),
        ),
        ("peers", ", ".join(data.get("peers", {}).values()) or "none was built: make peers, then make report"),
    ]
    return "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in entries)


def _verdict(verdict):
    style = (
        "good"
        if verdict in claims.GOOD
        else "bad" if verdict in claims.BAD else "none" if verdict != claims.SHOWN else ""
    )
    return f'<span class="verdict {style}">{text(verdict)}</span>'


def _rows(report):
    body = []
    for row in seed.ROWS:
        body.append(f'<tr class="group"><th colspan="5">{text(row[0])}&ensp;{text(row[1])}</th></tr>')
        for line in seed.lines_of(row, report):
            why = f' <span class="soft">{text(line.why)}</span>' if line.why else ""
            body.append(
                f"<tr><td>{text(line.what)}</td>"
                f'<td data-name="guide">{text(line.claim)}</td><td data-name="nanospan">{text(line.ours)}</td>'
                f'<td data-name="Go SDK">{text(line.peer)}</td><td>{_verdict(line.verdict)}{why}</td></tr>'
            )
    head = "".join(f"<th>{name}</th>" for name in ("what", "the guide says", "nanospan", "Go SDK", "verdict"))
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def _ordered(values):
    return list(dict.fromkeys(values))


def _caption(metric):
    return next((caption for caption in (NET, SPREAD) if metric.endswith(", " + caption)), "")


def _without_caption(metric):
    return metric.removesuffix(", " + _caption(metric))


def _table(figures, metrics, caption):
    found = {(f["series"], f["case"], f["metric"]): f for f in figures}
    present = [series for series in SERIES if any(f["series"] == series for f in figures)]
    head = "<th>case</th>" + ("<th>by</th>" if len(present) > 1 else "")
    head += "".join(f'<th class="number">{text(_without_caption(metric))}</th>' for metric in metrics)
    body = []
    for case in _ordered(f["case"] for f in figures):
        for series in present:
            cells = [found.get((series, case, metric)) for metric in metrics]
            if not any(cells):
                continue
            shown = [numbers_text.of_figure(c) if c else "" for c in cells]
            by = f"<td>{text(series)}</td>" if len(present) > 1 else ""
            body.append(
                f"<tr><td>{text(case)}</td>{by}"
                + "".join(f'<td class="number">{text(s)}</td>' for s in shown)
                + "</tr>"
            )
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def _tables(figures):
    tables = ""
    for caption in ("", NET, SPREAD):
        chosen = [f for f in figures if _caption(f["metric"]) == caption]
        if chosen or not caption:
            tables += _table(chosen, _ordered(f["metric"] for f in chosen), caption)
    return tables


def _histograms(operation, figures):
    """One for each case of an operation, "under load: end"."""
    chosen = [f for f in figures if f["case"].endswith(": " + operation) and _caption(f["metric"]) == SPREAD]
    drawn = ""
    for series in SERIES:
        for case in _ordered(f["case"] for f in chosen if f["series"] == series):
            columns = [
                (_without_caption(f["metric"]), f["value"])
                for f in chosen
                if f["case"] == case and f["series"] == series
            ]
            title = f"{case} ({series})" if series != OURS else case
            drawn += f"<figure>{plots.histogram(title, columns, SERIES.index(series))}</figure>"
    return drawn


def _plot(kind, metric, experiment, figures):
    if kind == "histogram":
        return _histograms(metric, figures)
    chosen = [f for f in figures if f["metric"] == metric]
    if not chosen:
        return ""
    unit = chosen[0]["unit"]
    cases = _ordered(f["case"] for f in chosen)
    if kind == "bars":
        ordered = sorted(chosen, key=lambda f: (cases.index(f["case"]), SERIES.index(f["series"])))
        both = len({f["series"] for f in chosen}) > 1
        rows = [
            (f["case"] + (f" · {f['series']}" if both else ""), SERIES.index(f["series"]), f["value"])
            for f in ordered
        ]
        return f"<figure>{plots.bars(metric, unit, rows)}</figure>"
    series = []
    for index, name in enumerate(SERIES):
        values = {f["case"]: f["value"] for f in chosen if f["series"] == name}
        if values:
            series.append((name, index, [values.get(case) for case in cases]))
    return f"<figure>{plots.lines(metric, unit, experiment.axis, cases, series)}</figure>"


def _legend(figures):
    present = [series for series in SERIES if any(f["series"] == series for f in figures)]
    if len(present) < 2:
        return ""
    keys = "".join(f'<span><i class="key s{SERIES.index(s)}"></i>{text(s)}</span>' for s in present)
    return f'<div class="legend">{keys}</div>'


def _experiment(report, experiment):
    figures = report.figures(experiment.name)
    about = report.experiments.get(experiment.name, {})
    drawn = "".join(_plot(kind, metric, experiment, figures) for kind, metric in experiment.plots)
    notes = "".join(f'<p class="soft">{text(note)}.</p>' for note in about.get("notes", []))
    errors = "".join(f'<p class="error">Not measured: {text(error)}</p>' for error in about.get("errors", []))
    command = (
        f'<p class="soft">Reproduce: <code>{text(about["command"])}</code></p>' if about.get("command") else ""
    )
    body = f'{_legend(figures)}<div class="plots">{drawn}</div>{_tables(figures)}' if figures else ""
    if not figures and not errors:
        errors = '<p class="error">Not measured in this run.</p>'
    return (
        f'<section id="{experiment.name}"><h3>{text(experiment.title)}</h3><p>{text(experiment.question)}</p>'
        f"{errors}{body}{notes}{command}</section>"
    )


def _others(report):
    """What the rows refer to, and what other tools left."""
    known = {experiment.name for experiment in catalogue.ALL + catalogue.OTHERS}
    taken_in = [name for name in report.experiments if name not in known]
    experiments = catalogue.OTHERS + tuple(
        catalogue.Experiment(name, name.replace("_", " "), "") for name in taken_in
    )
    return "".join(_experiment(report, experiment) for experiment in experiments)


def _counts(report):
    counts = seed.totals(report)
    order = (
        claims.MET,
        claims.CONFIRMED,
        claims.SHOWN,
        claims.SMALLER,
        claims.NO_GAIN,
        claims.UNCERTAIN,
        claims.WORSE,
        claims.MISSED,
        claims.NOT_MEASURED,
    )
    return "".join(f"<span>{counts[v]} {_verdict(v)}</span>" for v in order if v in counts)


def render(report):
    contents = "".join(f'<li><a href="#{e.name}">{text(e.title)}</a></li>' for e in catalogue.ALL)
    groups = (
        ("Before and after", "Each improvement that the guide claims, with both sides measured.", catalogue.PAIRS),
        ("Tables", "What to choose, and what it costs.", catalogue.TABLES),
        ("The whole", "Shares of CPU, and the longest that a caller waits.", catalogue.WHOLE),
    )
    sections = "".join(
        f"<h2>{text(title)}</h2><p>{text(lead)}</p>{''.join(_experiment(report, e) for e in experiments)}"
        for title, lead, experiments in groups
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nanospan: the report</title><style>
{STYLE.read_text(encoding="utf-8")}</style></head><body>
<h1>Nanospan: measured on this machine</h1>
<p class="soft">Every row of the guide with its number, ours, and the Go SDK's of the same run. Spans are counted by a
receiver that decodes them; a figure that lost spans is none, except where loss is the question.</p>
<dl class="machine">{_machine(report)}</dl>
<div class="counts">{_counts(report)}</div>
<p class="soft"><em>met</em>, <em>missed</em>: the guide's number holds, or not. <em>confirmed</em>, <em>no gain</em>,
<em>worse</em>: what the guide calls an improvement, measured here (less than 5 % either way is no gain).
<em>measured</em>: the guide's number is of its own machine and no bound.
<em>not certain</em>: the bound lies within the interval of what was measured.</p>
<h2>Row by row</h2>
{_rows(report)}
<nav><h2>Experiments</h2><ul>{contents}</ul></nav>
{sections}
<h2>Other measurements</h2>
{_others(report)}
</body></html>
"""
