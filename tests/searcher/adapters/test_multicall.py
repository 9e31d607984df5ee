"""Our aggregate3 coding against eth_abi, and its refusal of damaged answers."""

from contextlib import suppress

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.adapters.multicall import (
    AGGREGATE3,
    Call,
    decode_aggregate3,
    encode_aggregate3,
)
from searcher.errors import WireError

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex()))
calls = st.lists(st.builds(Call, to=addresses, data=st.binary(max_size=100)), max_size=6)
answers = st.lists(st.none() | st.binary(max_size=100), max_size=6)


def encoded(values: list[bytes | None]) -> bytes:
    rows = [(value is not None, value or b"") for value in values]
    return encode(["(bool,bytes)[]"], [rows])


@given(calls)
def test_encoding_equals_eth_abi(batch: list[Call]) -> None:
    rows = [(call.to, True, call.data) for call in batch]

    assert encode_aggregate3(batch) == AGGREGATE3 + encode(["(address,bool,bytes)[]"], [rows])


@given(answers)
def test_decoding_inverts_eth_abi(values: list[bytes | None]) -> None:
    assert decode_aggregate3(encoded(values), len(values)) == values


@given(answers, st.integers(0, 3))
def test_answer_of_another_length_is_refused(values: list[bytes | None], extra: int) -> None:
    with pytest.raises(WireError):
        decode_aggregate3(encoded(values), len(values) + 1 + extra)


@pytest.mark.parametrize("cut", range(len(encoded([b"\1" * 40]))))
def test_truncated_answer_is_refused_or_loses_padding_only(cut: int) -> None:
    whole = encoded([b"\1" * 40])
    end_of_payload = len(whole) - 24
    if cut >= end_of_payload:
        assert decode_aggregate3(whole[:cut], 1) == [b"\1" * 40]
    else:
        with pytest.raises(WireError):
            decode_aggregate3(whole[:cut], 1)


@given(st.binary(max_size=400), st.integers(0, 5))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes, count: int) -> None:
    with suppress(WireError):
        assert len(decode_aggregate3(data, count)) == count


def test_missing_contract_is_said_so() -> None:
    with pytest.raises(WireError, match="no contract at the multicall3 address"):
        decode_aggregate3(b"", 1)
