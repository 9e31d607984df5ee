"""Our aggregate3 coding against eth_abi, and its refusal of damaged answers."""

from contextlib import suppress

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from graphs.units import Address
from searcher.adapters.multicall import (
    AGGREGATE3,
    Call,
    Multicall,
    decode_aggregate3,
    encode_aggregate3,
)
from searcher.adapters.rpc import HttpRpc
from searcher.errors import RpcError, WireError

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


class GreedyNode(HttpRpc):
    """Runs out of gas whenever a greedy contract is among the calls; has others fail beside it."""

    def __init__(self, greedy: set[int]) -> None:
        self._greedy = greedy

    @override
    async def call(self, method: str, *params: object) -> object:
        """Answer each call with its own data."""
        data = params[0]["data"]  # type: ignore[index]  # the request of an eth_call
        calls = decode(["(address,bool,bytes)[]"], bytes.fromhex(data[10:]))[0]
        if any(int(to, 16) in self._greedy for to, _, _ in calls):
            raise RpcError(method=method, node="greedy", reason="out of gas", code=-32_000)
        return "0x" + encoded([payload for _, _, payload in calls]).hex()


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
async def test_contract_that_burns_all_gas_takes_no_neighbour_along(
    count: int, greedy: set[int]
) -> None:
    multicall = Multicall(rpc=GreedyNode(greedy), address=Address("0x" + "ca" * 20))
    batch = [Call(to=Address(f"0x{index:040x}"), data=bytes([index])) for index in range(count)]

    answers = await multicall.aggregate(batch, "0x" + "00" * 32)

    assert answers == [None if index in greedy else bytes([index]) for index in range(count)]


class CappedNode(GreedyNode):
    """Refuses requests of more calls than its cap, and counts them all."""

    def __init__(self, cap: int) -> None:
        super().__init__(set())
        self.cap = cap
        self.sizes: list[int] = []

    @override
    async def call(self, method: str, *params: object) -> object:
        """Answer up to the cap."""
        data = params[0]["data"]  # type: ignore[index]  # the request of an eth_call
        self.sizes.append(int(data[74:138], 16))
        if self.sizes[-1] > self.cap:
            raise RpcError(method=method, node="capped", reason="too large", code=-32_000)
        return await super().call(method, *params)


async def test_size_that_a_node_accepts_is_kept_for_the_next_requests() -> None:
    node = CappedNode(cap=130)
    batch = [Call(to=Address(f"0x{index:040x}"), data=bytes([index % 256])) for index in range(900)]

    answers = await Multicall(rpc=node, address=Address("0x" + "ca" * 20)).aggregate(batch, "0x")

    assert answers == [call.data for call in batch]
    assert node.sizes == [500, 250, *([125] * 7), 25]
