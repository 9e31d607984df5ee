"""The executor's wire format: round trips, shared vectors, and agreement with the compiled ABI.

The vectors are those that the Foundry tests read with the contract's own decoder.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.units import BPS, PIPS, Address
from searcher.calldata import (
    ERROR_SIGNATURES,
    EXECUTE_SELECTOR,
    EXECUTE_SIGNATURE,
    EXECUTED_SIGNATURE,
    EXECUTED_TOPIC,
    MAX_HOPS,
    MIN_HOPS,
    REVERT_TEXT_CHARS,
    ExecutedEvent,
    ExecutionResult,
    HopKind,
    Plan,
    PlanHop,
    decode_execute,
    decode_executed,
    decode_result,
    decode_revert,
    encode_execute,
    encode_plan,
)
from searcher.errors import CalldataError, WireError
from searcher.model import LenderKind
from sims.devnet.compiler import compile_contracts

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "contracts/test/vectors/plans.json").read_text())["plans"]
LENDERS = (LenderKind.AAVE_V3, LenderKind.BALANCER_V2)
UINT256 = st.integers(0, 2**256 - 1)

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex()))
hops = st.builds(
    PlanHop,
    kind=st.sampled_from(HopKind),
    pool=addresses,
    token_out=addresses,
    fee_pips=st.integers(0, PIPS - 1),
)
plans = st.builds(
    Plan,
    target_block=st.integers(0, 2**64 - 1),
    min_profit=st.integers(0, 2**128 - 1),
    tip_share_bps=st.integers(0, BPS),
    lender=st.sampled_from(LENDERS),
    asset=addresses,
    amount_in=st.integers(0, 2**128 - 1),
    hops=st.lists(hops, min_size=MIN_HOPS, max_size=MAX_HOPS).map(tuple),
)


def from_vector(vector: Mapping[str, Any]) -> Plan:
    """The plan that a vector spells out."""
    return Plan(
        target_block=int(vector["targetBlock"]),
        min_profit=int(vector["minProfit"]),
        tip_share_bps=int(vector["tipShareBps"]),
        lender=LENDERS[int(vector["lender"])],
        asset=Address(vector["asset"]),
        amount_in=int(vector["amountIn"]),
        hops=tuple(
            PlanHop(
                kind=HopKind(int(hop["kind"])),
                pool=Address(hop["pool"]),
                token_out=Address(hop["tokenOut"]),
                fee_pips=int(hop["feePips"]),
            )
            for hop in vector["hops"]
        ),
    )


PLAN = from_vector(VECTORS[0])


def with_second_hop(hop: PlanHop) -> Plan:
    """The first vector with another second hop."""
    return replace(PLAN, hops=(PLAN.hops[0], hop))


def revert_data(signature: str, *values: object) -> bytes:
    """What a contract that reverts with this error leaves behind."""
    types = [name for name in signature.partition("(")[2].removesuffix(")").split(",") if name]
    return keccak(text=signature)[:4] + encode(types, values)


def compiled_signatures(kind: str) -> set[str]:
    """The executor's own functions, events or errors, as the compiler sees them."""
    abi = compile_contracts(ROOT)["ArbitrageExecutor"].abi
    return {
        f"{entry['name']}({','.join(argument['type'] for argument in entry['inputs'])})"
        for entry in abi
        if entry["type"] == kind
    }


@given(plan=plans)
@example(plan=from_vector(VECTORS[3]))
@example(plan=from_vector(VECTORS[4]))
def test_decoding_reverses_encoding(plan: Plan) -> None:
    assert decode_execute(encode_execute(plan)) == plan


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_encoding_equals_the_shared_vectors_byte_for_byte(vector: Mapping[str, Any]) -> None:
    plan = from_vector(vector)

    assert "0x" + encode_plan(plan).hex() == vector["packed"]
    assert "0x" + encode_execute(plan).hex() == vector["calldata"]


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(PLAN, target_block=2**64), "target_block"),
        (replace(PLAN, target_block=-1), "target_block"),
        (replace(PLAN, min_profit=2**128), "min_profit"),
        (replace(PLAN, min_profit=-1), "min_profit"),
        (replace(PLAN, tip_share_bps=BPS + 1), "tip_share_bps"),
        (replace(PLAN, asset=Address("0x" + "A" * 40)), "asset"),
        (replace(PLAN, asset=Address("0x" + "a" * 39)), "asset"),
        (replace(PLAN, amount_in=2**128), "amount_in"),
        (replace(PLAN, hops=PLAN.hops[:1]), "hops"),
        (replace(PLAN, hops=PLAN.hops * MAX_HOPS), "hops"),
        (with_second_hop(replace(PLAN.hops[1], fee_pips=PIPS)), "fee_pips"),
        (with_second_hop(replace(PLAN.hops[1], pool=Address("pool"))), "pool"),
        (with_second_hop(replace(PLAN.hops[1], token_out=Address(""))), "token_out"),
    ],
)
def test_encoding_a_field_out_of_range_names_it(plan: Plan, field: str) -> None:
    with pytest.raises(CalldataError) as caught:
        encode_execute(plan)

    assert caught.value.field == field


@given(data=st.binary(max_size=700))
@example(data=b"")
@example(data=EXECUTE_SELECTOR)
@example(data=EXECUTE_SELECTOR + b"\xff" * 64)
def test_decoding_garbage_is_a_wire_error(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_execute(data)


@given(plan=plans, position=st.integers(0, 2**16), flip=st.integers(1, 255))
def test_decoding_altered_calldata_never_yields_the_same_plan(
    plan: Plan, position: int, flip: int
) -> None:
    data = bytearray(encode_execute(plan))
    data[position % len(data)] ^= flip

    try:
        decoded = decode_execute(bytes(data))
    except WireError:
        return
    assert decoded != plan


@given(gross_profit=UINT256, tip=UINT256)
def test_result_is_read_from_two_words(gross_profit: int, tip: int) -> None:
    returned = encode(["uint256", "uint256"], [gross_profit, tip])

    assert decode_result(returned) == ExecutionResult(gross_profit_wei=gross_profit, tip_wei=tip)


@pytest.mark.parametrize("size", [0, 32, 63, 65, 96])
def test_result_of_another_length_is_a_wire_error(size: int) -> None:
    with pytest.raises(WireError):
        decode_result(bytes(size))


@given(asset=addresses, lender=st.sampled_from((0, 1)), amounts=st.tuples(*[UINT256] * 3))
def test_event_is_read_from_its_log(
    asset: Address, lender: int, amounts: tuple[int, int, int]
) -> None:
    data = encode(["uint8", *["uint256"] * 3], [lender, *amounts])

    event = decode_executed(topics=[EXECUTED_TOPIC, encode(["address"], [asset])], data=data)

    amount_in, gross_profit, tip = amounts
    assert event == ExecutedEvent(
        asset=asset,
        lender=LENDERS[lender],
        amount_in=amount_in,
        gross_profit=gross_profit,
        tip_wei=tip,
    )


@given(topics=st.lists(st.binary(max_size=40), max_size=4), data=st.binary(max_size=200))
@example(topics=[EXECUTED_TOPIC], data=b"")
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes(127))
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes([1] * 128))
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes(31) + b"\2" + bytes(96))
@example(topics=[EXECUTED_TOPIC, b"\xff" * 32], data=bytes(128))
def test_event_of_other_bytes_is_a_wire_error(topics: list[bytes], data: bytes) -> None:
    with pytest.raises(WireError):
        decode_executed(topics=topics, data=data)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no reason given"),
        (revert_data("WrongBlock(uint256,uint256)", 7, 8), "WrongBlock(7, 8)"),
        (
            revert_data("ProfitBelowMinimum(int256,uint256)", -5, 1),
            "ProfitBelowMinimum(-5, 1)",
        ),
        (revert_data("UnexpectedLoan()"), "UnexpectedLoan()"),
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

    text = decode_revert(revert_data("PoolFailed(uint256,address,bytes)", 1, pool, inner))

    assert text == f"PoolFailed(1, {pool}, Error(UniswapV2: K))"


def test_revert_nested_deeper_than_any_call_is_cut_short() -> None:
    data = b""
    for _ in range(10):
        data = revert_data("PoolFailed(uint256,address,bytes)", 0, "0x" + "0" * 40, data)

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
    assert compiled_signatures("error") == set(ERROR_SIGNATURES)


@pytest.mark.slow
def test_function_and_event_are_those_of_the_compiled_executor() -> None:
    assert EXECUTE_SIGNATURE in compiled_signatures("function")
    assert EXECUTED_SIGNATURE in compiled_signatures("event")
