"""What several rounds say together: a mean with its 95 % interval, and the change or the share where they are pairs."""

import math
import statistics

# Two-sided 95 % quantiles of Student's t for 1, 2, 3 ... degrees of freedom; beyond: the normal one, a little wider.
T95 = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10]


def interval(values):
    """The mean and half the width of its 95 % interval."""
    if len(values) < 2:
        return (values[0] if values else 0.0), math.inf
    freedom = len(values) - 1
    t = T95[freedom - 1] if freedom <= len(T95) else 2.1
    return statistics.mean(values), t * statistics.stdev(values) / math.sqrt(len(values))


def share_of_tracing(on, off):
    """Percent of the CPU of a run with tracing that is tracing's, over pairs of runs next to each other."""
    return interval([(a - b) / a * 100 for a, b in zip(on, off)])


def change(new, old):
    """Percent by which new differs from old, over pairs of runs next to each other."""
    return interval([(a - b) / b * 100 for a, b in zip(new, old)])
