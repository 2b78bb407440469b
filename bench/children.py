"""What the benchmarks' child processes have in common."""

import ctypes
import signal


def die_with_parent():
    """Of a child, before it runs: a benchmark that is killed leaves no program behind on its ports."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
