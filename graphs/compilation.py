"""How the kernels become machine code, once: kept on disk and free of the interpreter's lock.

Separate because every kernel needs it, and because what a decorator hides from the type checker is
cast back here alone. What is kept holds for these very sources: numba itself looks at a kernel's
own file only, and would go on using what was compiled before another file changed that it calls.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba
from numba import njit

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_SOURCES: Final = sorted(Path(__file__).parent.rglob("*.py"))
_DIGEST: Final = sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()
_VERSION: Final = f"{numba.__version__} {_DIGEST}"
"""What numba compares before it reads what is kept."""


def compiled(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile to machine code that is kept on disk and runs without the interpreter's lock."""
    return _kept(njit, kernel)


def inlined(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile as part of every caller: a call in the innermost loop would count references."""
    return _kept(partial(njit, inline="always"), kernel)


def inner(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile for other kernels alone: quicker, and for types that the interpreter lacks."""
    return _kept(partial(njit, no_cpython_wrapper=True, no_cfunc_wrapper=True), kernel)


def is_kept(kernel: Callable[..., object]) -> bool:
    """Tell whether machine code of these sources is on disk."""
    return bool(_file_of(kernel)._load_index())  # noqa: SLF001 -- has no public name


def _kept(
    compiler: Callable[..., Any], kernel: Callable[Parameters, Result]
) -> Callable[Parameters, Result]:
    dispatcher = compiler(cache=True, nogil=True)(kernel)
    _file_of(dispatcher)._version = _VERSION  # noqa: SLF001 -- has no public name
    return cast("Callable[Parameters, Result]", dispatcher)


def _file_of(dispatcher: Any) -> Any:  # noqa: ANN401 -- numba names neither type
    return dispatcher._cache._cache_file  # noqa: SLF001 -- has no public name
