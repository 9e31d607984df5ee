"""Reasons of reverts: readable whatever the bytes, and complete for the compiled executor."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.reverts import ERROR_SIGNATURES, REVERT_TEXT_CHARS, decode_revert
from tests.searcher.compiled_executor import signatures


def revert_data(signature: str, *values: object) -> bytes:
    """What a contract that reverts with this error leaves behind."""
    types = [name for name in signature.partition("(")[2].removesuffix(")").split(",") if name]
    return keccak(text=signature)[:4] + encode(types, values)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no reason given"),
        (revert_data("WrongBlock(uint256,uint256)", 7, 8), "WrongBlock(7, 8)"),
        (
            revert_data("ProfitBelowMinimum(int256,uint256)", -5, 1),
            "ProfitBelowMinimum(-5, 1)",
        ),
        (revert_data("ZeroAddress()"), "ZeroAddress()"),
        (revert_data("Error(string)", "UniswapV2: K"), "Error(UniswapV2: K)"),
        (revert_data("Error(string)", "two\nlines\x1b[31m"), "Error(two?lines?[31m)"),
        (revert_data("Panic(uint256)", 17), "Panic(17)"),
        (bytes.fromhex("deadbeef01"), "unknown error 0xdeadbeef01"),
        (b"\1", "unknown error 0x01"),
        (revert_data("Panic(uint256)", 17)[:-1], "Panic with malformed arguments"),
    ],
)
def test_revert_is_described(data: bytes, text: str) -> None:
    assert decode_revert(data) == text


def test_revert_of_a_pool_carries_the_reason_of_the_pool() -> None:
    inner = revert_data("Error(string)", "UniswapV2: K")
    pool = "0x" + "1" * 40

    text = decode_revert(revert_data("HopFailed(uint256,address,bytes)", 1, pool, inner))

    assert text == f"HopFailed(1, {pool}, Error(UniswapV2: K))"


def test_revert_behind_two_managers_and_a_lender_still_names_hop_and_reason() -> None:
    data = revert_data("Error(string)", "UniswapV2: K")
    data = revert_data("HopFailed(uint256,address,bytes)", 2, "0x" + "1" * 40, data)
    for source in (1, 2, 5):
        data = revert_data("SourceFailed(uint256,bytes)", source, data)

    hop = f"HopFailed(2, 0x{'1' * 40}, Error(UniswapV2: K))"
    assert decode_revert(data) == f"SourceFailed(5, SourceFailed(2, SourceFailed(1, {hop})))"


def test_revert_nested_deeper_than_any_call_is_cut_short() -> None:
    data = b""
    for _ in range(10):
        data = revert_data("HopFailed(uint256,address,bytes)", 0, "0x" + "0" * 40, data)

    assert len(decode_revert(data)) <= REVERT_TEXT_CHARS


@given(
    selector=st.sampled_from([*ERROR_SIGNATURES, "Error(string)", "Panic(uint256)", "Other()"]),
    tail=st.binary(max_size=300),
)
@example(selector="Error(string)", tail=b"\xff" * 64)
@example(selector="Error(string)", tail=bytes(31) + b"\x20" + b"\xff" * 32)
@example(selector="Error(string)", tail=bytes(31) + b"\x20" + bytes(31) + b"\1\xff" + bytes(31))
@example(selector="Error(string)", tail=bytes(100_000))
def test_revert_of_garbage_is_a_short_printable_line(selector: str, tail: bytes) -> None:
    text = decode_revert(keccak(text=selector)[:4] + tail)

    assert 0 < len(text) <= REVERT_TEXT_CHARS
    assert text.isprintable()


@pytest.mark.slow
def test_errors_are_exactly_those_of_the_compiled_executor() -> None:
    assert signatures("error") == set(ERROR_SIGNATURES)
