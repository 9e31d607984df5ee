"""The instructions of Words: how the machine adds, multiplies, shifts, compares and reads them.

Separate from `words.py`, which is written in them, because this is written in LLVM's own terms:
numba calls each function here while it compiles a kernel, and puts what it emits in its place.
"""

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

Word = int
"""For the type checker: a Word of a kernel is written like a Python integer."""

WORD_LIMBS: Final = 6
"""Limbs of a Word."""

LIMB_BITS: Final = 64
"""Bits of a limb."""

FACTOR_LIMBS: Final = 3
"""Limbs of a right factor: of a product, the longer factor stands on the left."""

_WORD: Final = ir.IntType(WORD_LIMBS * LIMB_BITS)
_LIMB: Final = ir.IntType(LIMB_BITS)
_TWO_LIMBS: Final = ir.IntType(2 * LIMB_BITS)
_DOUBLE: Final = ir.DoubleType()


class WordType(types.Type):
    """Numba's name for a Word."""

    def __init__(self) -> None:
        super().__init__(name="Word")


WORD: Final = WordType()


@register_model(WordType)
class _WordModel(models.PrimitiveModel):
    def __init__(self, manager: object, word_type: WordType) -> None:
        super().__init__(manager, word_type, _WORD)


@intrinsic
def _word(_context: object, low: types.Type, middle: types.Type, high: types.Type) -> Any:
    """Join three limbs."""

    def lowered(_context: object, builder: Any, _signature: object, limbs: Any) -> Any:
        return _joined(builder, limbs)

    return WORD(types.uint64, types.uint64, types.uint64), lowered


@intrinsic
def _lowest_limb(_context: object, word: types.Type) -> Any:
    """Cut a Word down to 64 bits."""

    def lowered(_context: object, builder: Any, _signature: object, words: Any) -> Any:
        return builder.trunc(words[0], _LIMB)

    return types.uint64(WORD), lowered


@intrinsic
def _rounded(_context: object, word: types.Type) -> Any:
    """Turn a Word into a float, a limb at a time."""

    def lowered(_context: object, builder: Any, _signature: object, words: Any) -> Any:
        total = ir.Constant(_DOUBLE, 0.0)
        for index, limb in enumerate(_split(builder, words[0])):
            scale = ir.Constant(_DOUBLE, 2.0 ** (LIMB_BITS * index))
            total = builder.fadd(total, builder.fmul(builder.uitofp(limb, _DOUBLE), scale))
        return total

    return types.float64(WORD), lowered


@intrinsic
def _bits_of(_context: object, number: types.Type) -> Any:
    """Show the bits of a float."""

    def lowered(_context: object, builder: Any, _signature: object, numbers: Any) -> Any:
        return builder.bitcast(numbers[0], _LIMB)

    return types.int64(types.float64), lowered


@intrinsic
def _scaled(_context: object, word: types.Type, factor: types.Type) -> Any:
    """Multiply a Word by one limb."""

    def lowered(_context: object, builder: Any, _signature: object, operands: Any) -> Any:
        return _joined(builder, _row(builder, _split(builder, operands[0]), operands[1]))

    return WORD(WORD, types.int64), lowered


def _split(builder: Any, word: Any) -> list[Any]:
    shifts = [ir.Constant(_WORD, LIMB_BITS * index) for index in range(WORD_LIMBS)]
    return [builder.trunc(builder.lshr(word, shift), _LIMB) for shift in shifts]


def _joined(builder: Any, limbs: Sequence[Any]) -> Any:
    word = ir.Constant(_WORD, 0)
    for index, limb in enumerate(limbs):
        place = ir.Constant(_WORD, LIMB_BITS * index)
        word = builder.or_(word, builder.shl(builder.zext(limb, _WORD), place))
    return word


def _row(builder: Any, limbs: Sequence[Any], factor: Any) -> list[Any]:
    """Multiply limbs by one, carrying upwards; what would be one limb longer is cut off."""
    wide = builder.zext(factor, _TWO_LIMBS)
    carry = ir.Constant(_TWO_LIMBS, 0)
    products = []
    for limb in limbs:
        total = builder.add(builder.mul(builder.zext(limb, _TWO_LIMBS), wide), carry)
        products.append(builder.trunc(total, _LIMB))
        carry = builder.lshr(total, ir.Constant(_TWO_LIMBS, LIMB_BITS))
    return products


def _product(builder: Any, left: Any, right: Any) -> Any:
    """Add the rows of a written multiplication."""
    limbs = _split(builder, left)
    product = ir.Constant(_WORD, 0)
    for index, factor in enumerate(_split(builder, right)[:FACTOR_LIMBS]):
        row = _joined(builder, _row(builder, limbs[: WORD_LIMBS - index], factor))
        place = ir.Constant(_WORD, LIMB_BITS * index)
        product = builder.add(product, builder.shl(row, place))
    return product


def _teach(
    name: Callable[[Any, Any], Any],
    emit: Callable[[Any, Any, Any], Any],
    *,
    result: types.Type = WORD,
    right: types.Type = WORD,
) -> None:
    """Make an operator work in kernels on a Word and a right operand."""

    class _Template(ConcreteTemplate):
        cases = (signature(result, WORD, right),)

    def lowered(_context: object, builder: Any, _signature: object, operands: Any) -> Any:
        return emit(builder, *operands)

    infer_global(name)(_Template)
    lower_builtin(name, WORD, right)(lowered)


_teach(operator.add, lambda builder, left, right: builder.add(left, right))
_teach(operator.sub, lambda builder, left, right: builder.sub(left, right))
_teach(operator.mul, _product)
_teach(
    operator.lshift,
    lambda builder, word, bits: builder.shl(word, builder.zext(bits, _WORD)),
    right=types.int64,
)
_teach(
    operator.rshift,
    lambda builder, word, bits: builder.lshr(word, builder.zext(bits, _WORD)),
    right=types.int64,
)
for _name, _sign in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    _teach(
        _name,
        partial(lambda sign, builder, *words: builder.icmp_unsigned(sign, *words), _sign),
        result=types.boolean,
    )


@intrinsic
def _signed(_context: object, limb: types.Type) -> Any:
    """Read 64 bits as a two's complement."""

    def lowered(_context: object, _builder: object, _signature: object, limbs: Any) -> Any:
        return limbs[0]

    return types.int64(types.uint64), lowered


join_limbs = cast("Callable[[object, object, object], Word]", _word)
"""Make a Word of three limbs, the lowest first."""

lowest_limb = cast("Callable[[Word], np.uint64]", _lowest_limb)
"""Cut a Word down to 64 bits."""

rounded = cast("Callable[[Word], float]", _rounded)
"""Turn a Word into a float, a limb at a time."""

bits_of = cast("Callable[[float], int]", _bits_of)
"""Show the bits of a float."""

scaled = cast("Callable[[Word, int], Word]", _scaled)
"""Multiply a Word by one limb."""

signed = cast("Callable[[object], int]", _signed)
"""Read a limb as a two's complement."""
