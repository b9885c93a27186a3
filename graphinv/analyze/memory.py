"""Memory that was freed, and that the system has not got back."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Let the C library give the system what is free: of itself it keeps what threads and large arrays have used, a tenth of all after some
    rules. Where it cannot be told to (any but glibc), nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
