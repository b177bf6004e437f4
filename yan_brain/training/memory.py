"""Freed memory is kept for the next step instead of going back to the system.

A training step allocates and frees the same large tensors again and again. glibc maps each anew,
and the system must find and clear every page of it: a tenth to a third of a step on a CPU.
"""
from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4         # of mallopt(3)


def keep_freed_memory() -> bool:
    """For the whole process, from now on; False where the C library has no `mallopt`."""
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0) and mallopt(
        _TRIM_THRESHOLD, 2**31 - 1))
