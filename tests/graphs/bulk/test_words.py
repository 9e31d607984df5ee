"""Words against Python's integers, over the whole range that products of contract words reach."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.bulk.word_instructions import LIMB_BITS, Word
from graphs.bulk.words import (
    Limbs,
    div_down,
    div_up,
    divided,
    float_of,
    integer_at,
    integers_of,
    lesser,
    limbs_of,
    long_word_at,
    word,
    word_of_float_down,
    write_amount,
)
from graphs.compilation import compiled, inner

WORD_MAX = 2**384 - 1
LIMBS = 6


def integers(bits: int, least: int = 0) -> st.SearchStrategy[int]:
    """Up to so many bits, small ones as likely as large ones."""
    return st.integers(0, bits).flatmap(lambda width: st.integers(least, max(2**width - 1, least)))


def written(*values: int) -> Limbs:
    return limbs_of(values, LIMBS)


@inner
def whole_word_at(rows: Limbs, row: int) -> Word:
    return long_word_at(rows, row, 0) + (long_word_at(rows, row, 3) << 3 * LIMB_BITS)


@inner
def write_word(rows: Limbs, row: int, value: Word) -> None:
    for place in range(3):
        write_amount(rows[:, 2 * place : 2 * place + 2], row, value >> 2 * place * LIMB_BITS)


@compiled
def arithmetic(operands: Limbs, bits: int) -> Limbs:
    """Sum, difference, product, shifts and the lesser one."""
    left, right = whole_word_at(operands, 0), whole_word_at(operands, 1)
    results = np.zeros((6, LIMBS), np.uint64)
    write_word(results, 0, left + right)
    write_word(results, 1, left - right)
    write_word(results, 2, left * right)
    write_word(results, 3, left << bits)
    write_word(results, 4, left >> bits)
    write_word(results, 5, lesser(left, right))
    return results


@compiled
def comparisons(operands: Limbs) -> tuple[bool, ...]:
    left, right = whole_word_at(operands, 0), whole_word_at(operands, 1)
    return left < right, left <= right, left > right, left >= right, left == right, left != right


@compiled
def quotients(operands: Limbs) -> Limbs:
    """Rounded down, rounded up, and the remainder."""
    numerator, denominator = whole_word_at(operands, 0), whole_word_at(operands, 1)
    results = np.zeros((3, LIMBS), np.uint64)
    write_word(results, 0, div_down(numerator, denominator))
    write_word(results, 1, div_up(numerator, denominator))
    write_word(results, 2, divided(numerator, denominator)[1])
    return results


@compiled
def as_float(operands: Limbs) -> float:
    return float_of(whole_word_at(operands, 0))


@compiled
def from_float(number: float) -> Limbs:
    results = np.zeros((1, LIMBS), np.uint64)
    write_word(results, 0, word_of_float_down(number))
    return results


@compiled
def round_trip(operands: Limbs) -> int:
    return integer_at(operands, 0, 0)


@compiled
def widened(value: int) -> Limbs:
    results = np.zeros((1, LIMBS), np.uint64)
    write_word(results, 0, word(value))
    return results


@given(left=integers(384), right=integers(192), bits=st.integers(0, 383))
@example(left=WORD_MAX, right=2**192 - 1, bits=383)
@example(left=WORD_MAX, right=1, bits=64)
def test_arithmetic_is_that_of_integers_modulo_the_width(left: int, right: int, bits: int) -> None:
    exact = (left + right, left - right, left * right, left << bits, left >> bits)

    results = integers_of(arithmetic(written(left, right), bits))

    assert results == [*(value & WORD_MAX for value in exact), min(left, right)]


@given(left=integers(384), right=integers(384))
@example(left=2**64, right=2**64)
@example(left=2**383, right=1)
def test_comparisons_are_unsigned(left: int, right: int) -> None:
    expected = (left < right, left <= right, left > right, left >= right, left == right)

    assert comparisons(written(left, right)) == (*expected, left != right)


@given(numerator=integers(384), denominator=integers(384, least=1))
@example(numerator=WORD_MAX, denominator=1)
@example(numerator=WORD_MAX, denominator=WORD_MAX)
@example(numerator=WORD_MAX, denominator=2**53 - 1)
@example(numerator=2**384 - 2**331, denominator=2**331 - 1)
@example(numerator=0, denominator=7)
def test_division_is_exact_and_rounds_as_it_says(numerator: int, denominator: int) -> None:
    down, rest = divmod(numerator, denominator)

    results = integers_of(quotients(written(numerator, denominator)))

    assert results == [down, down + (rest > 0), rest]


@given(quotient=integers(190, least=1), denominator=integers(190, least=1), off=st.integers(-1, 1))
def test_division_is_exact_next_to_a_whole_quotient(
    quotient: int, denominator: int, off: int
) -> None:
    numerator = quotient * denominator + off

    results = integers_of(quotients(written(numerator, denominator)))

    assert results[0] == numerator // denominator
    assert results[1] == -(-numerator // denominator)


@given(value=integers(384))
@example(value=WORD_MAX)
def test_the_float_of_a_word_is_near_it(value: int) -> None:
    number = as_float(written(value))

    assert abs(int(number) - value) <= value >> 50


@given(number=st.floats(0, 2.0**383))
@example(number=0.999_999_999)
@example(number=5e-324)
@example(number=2.0**52 + 0.5)
@example(number=2.0**53)
def test_the_word_of_a_float_is_its_integer_part(number: float) -> None:
    assert integers_of(from_float(number)) == [int(number)]


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_a_limb_holds_a_signed_number(value: int) -> None:
    assert round_trip(written(value & 2**64 - 1)) == value


@given(value=st.integers(0, 2**63 - 1))
def test_an_integer_is_widened(value: int) -> None:
    assert integers_of(widened(value)) == [value]
