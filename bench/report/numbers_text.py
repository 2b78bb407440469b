"""Numbers as people read them: three digits, the unit that fits."""

_SCALES = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))
TIMES = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def digits(value):
    """Three significant digits, without exponent."""
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.{1 if size >= 10 else 2}f}".rstrip("0").rstrip(".")
    return f"{value:.2g}" if size >= 0.001 else f"{value:.1g}"


def _time(value, unit):
    nanos = value * TIMES[unit]
    name, scale = next(((n, s) for n, s in reversed(_SCALES) if abs(nanos) >= s), ("ns", 1.0))
    return f"{digits(nanos / scale)} {name}"


def _short(value):
    """12,345 as "12.3 k"; numbers below 10,000 as they are."""
    for least, scale, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{digits(value / scale)} {letter}"
    return digits(value)


def text(value, unit):
    """ "1.2 M spans/s", "3.4 µs", "52 %"."""
    if unit in TIMES and value:
        return _time(value, unit)
    number = _short(value) if unit.endswith("/s") else digits(value)
    return number + unit if unit.startswith("/") else f"{number} {unit}".rstrip()


def of_figure(figure):
    """With the half of its interval, where it has one."""
    number = text(figure["value"], figure["unit"])
    return number if "plus_minus" not in figure else f"{number} ± {text(figure['plus_minus'], figure['unit'])}"


def tick(value, unit):
    """The number alone, where the unit stands elsewhere; times with theirs."""
    return _time(value, unit) if unit in TIMES and value else _short(value)
