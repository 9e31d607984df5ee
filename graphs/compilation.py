"""How the searches become machine code, once: kept on disk and free of the interpreter's lock.

Separate because every kernel needs it, and because what a decorator hides from the type checker is
cast back here alone.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def compiled(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile to machine code that is kept on disk and runs without the interpreter's lock."""
    return cast("Callable[Parameters, Result]", njit(cache=True, nogil=True)(kernel))


def inlined(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile as part of every caller: a call in the innermost loop would count references."""
    compiler = njit(cache=True, nogil=True, inline="always")
    return cast("Callable[Parameters, Result]", compiler(kernel))
