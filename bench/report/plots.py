"""Plots as inline SVG: bars and lines. Colours are classes of page.css, so that they follow light, dark and paper."""

import html
import math

import numbers_text

WIDTH = 440
LABEL_CHARACTERS_MAX = 58


def escape(text):
    return html.escape(str(text), quote=True)


def _text(x, y, content, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(content)}</text>'


def _svg(height, title, parts):
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"


def bars(title, unit, rows):
    """rows: (label, series index, value), one bar each, from zero."""
    most = max((value for _, _, value in rows), default=0) or 1
    parts, y = [_text(0, 14, title, "plot-title")], 26
    room = WIDTH - 118
    for label, series, value in rows:
        shown = label if len(label) <= LABEL_CHARACTERS_MAX else label[: LABEL_CHARACTERS_MAX - 1] + "…"
        width = max(1.0, room * max(value, 0) / most)
        number = numbers_text.text(value, unit)
        parts.append(_text(0, y + 10, shown, "plot-label"))
        parts.append(
            f'<rect x="0" y="{y + 15}" width="{width:.1f}" height="12" rx="2" class="s{series}">'
            f"<title>{escape(label)}: {escape(number)}</title></rect>"
        )
        parts.append(_text(width + 6, y + 25, number, "plot-value"))
        y += 36
    return _svg(y + 2, title, parts)


def histogram(title, columns, series):
    """columns: (label, how many of a million), drawn logarithmically: one of a million is still seen."""
    bottom, top, width = 112, 38, WIDTH / max(1, len(columns))
    parts = [_text(0, 14, title, "plot-title")]
    for i, (label, count) in enumerate(columns):
        height = (bottom - top) * math.log10(1 + count) / 6
        number = numbers_text.text(count, "") if count else "0"
        below = label.replace("under", "<").replace(" and more", "+")
        x = width * i
        parts.append(
            f'<rect x="{x + 3:.1f}" y="{bottom - height:.1f}" width="{width - 6:.1f}" height="{height:.1f}" '
            f'class="s{series}"><title>{escape(label)}: {escape(number)}</title></rect>'
        )
        parts.append(_text(x + width / 2, bottom - height - 4, number, "plot-tick", "middle"))
        parts.append(_text(x + width / 2, bottom + 14, below, "plot-tick", "middle"))
    return _svg(bottom + 20, title, parts)


def _ticks(low, high, log):
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0**power for power in range(first, last + 1)]
    step = 10 ** math.floor(math.log10(high / 4)) if high > 0 else 1
    step *= next((factor for factor in (1, 2, 5, 10) if high / (step * factor) <= 5), 10)
    return [step * i for i in range(math.ceil(high / step) + 1)]


def lines(title, unit, axis, cases, series):
    """cases: labels of the x axis in order; series: [(name, index, [value or None for each case])]."""
    values = [v for _, _, found in series for v in found if v is not None]
    high = max(values, default=1) or 1
    positive = [v for v in values if v > 0]
    log = len(positive) == len(values) and bool(positive) and high / min(positive) > 30
    ticks = _ticks(min(positive) if positive else 1, high, log)
    top, bottom, left, right = 30, 190, 54, WIDTH - 14

    def x_of(i):
        return left + 12 + (right - left - 24) * (i / max(1, len(cases) - 1))

    def y_of(value):
        if log:
            share = math.log(value / ticks[0]) / math.log(ticks[-1] / ticks[0]) if ticks[-1] > ticks[0] else 0.5
        else:
            share = value / ticks[-1]
        return bottom - (bottom - top) * share

    named = title if unit in numbers_text.TIMES or not unit else f"{title}, {unit}"
    parts = [_text(0, 14, named + (" (logarithmic)" if log else ""), "plot-title")]
    for tick in ticks:
        y = y_of(tick)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(_text(left - 6, y + 4, numbers_text.tick(tick, unit), "plot-tick", "end"))
    for i, case in enumerate(cases):
        parts.append(_text(x_of(i), bottom + 16, case, "plot-tick", "middle"))
    parts.append(_text((left + right) / 2, bottom + 34, axis, "plot-tick", "middle"))
    for name, index, found in series:
        spots = [(x_of(i), y_of(v), v, cases[i]) for i, v in enumerate(found) if v is not None]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in spots)
        parts.append(f'<polyline points="{path}" class="line s{index}"/>')
        for x, y, value, case in spots:
            tip = escape(f"{name}, {case}: {numbers_text.text(value, unit)}")
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="s{index}"><title>{tip}</title></circle>'
            )
    return _svg(bottom + 42, title, parts)
