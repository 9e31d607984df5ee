"""The executor's wire format: round trips, shared vectors, and agreement with the compiled ABI."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.units import BPS, PIPS, Address
from searcher.calldata import (
    EXECUTE_SELECTOR,
    EXECUTE_SIGNATURE,
    EXECUTED_SIGNATURE,
    EXECUTED_TOPIC,
    ExecutedEvent,
    ExecutionResult,
    decode_execute,
    decode_executed,
    decode_result,
    encode_execute,
)
from searcher.errors import CalldataError, WireError
from searcher.plan_bytes import decode_plan, encode_plan
from searcher.plans import (
    MAX_HOPS,
    MIN_HOPS,
    AaveV3Source,
    BalancerV2Hop,
    BalancerV2Source,
    BalancerV3Hop,
    BalancerV3Source,
    CurveHop,
    NoSource,
    Plan,
    PlanHop,
    SolidlyHop,
    SoloMarginSource,
    Source,
    SourceKind,
    UniswapV2Hop,
    UniswapV2Source,
    UniswapV3Hop,
    UniswapV3Source,
    UniswapV4Hop,
    UniswapV4Source,
)
from tests.searcher.compiled_executor import signatures
from tests.searcher.plan_vectors import VECTORS, Vector, from_vector

UINT256 = st.integers(0, 2**256 - 1)
PLAN = from_vector(VECTORS[0])
BYTES_PER_PAIR_HOP = 40

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex()))
hashes = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
fees = st.integers(0, PIPS - 1)
bytes_ = st.integers(0, 2**8 - 1)
tokens = {"token_in": addresses, "token_out": addresses}
pair_hops = st.builds(UniswapV2Hop, pool=addresses, fee_pips=fees, zero_for_one=st.booleans())
hops: st.SearchStrategy[PlanHop] = st.one_of(
    pair_hops,
    st.builds(UniswapV3Hop, **tokens, fee_pips=fees, factory=bytes_),
    st.builds(
        UniswapV4Hop,
        **tokens,
        fee_pips=st.integers(0, 2**24 - 1),
        tick_spacing=st.integers(0, 2**23 - 1),
        hooks=addresses,
    ),
    st.builds(BalancerV2Hop, **tokens, pool_id=hashes),
    st.builds(BalancerV3Hop, **tokens, pool=addresses),
    st.builds(
        CurveHop,
        **tokens,
        pool=addresses,
        index_in=bytes_,
        index_out=bytes_,
        is_unsigned=st.booleans(),
    ),
    st.builds(SolidlyHop, token_in=addresses, pool=addresses, zero_for_one=st.booleans()),
)
sources: st.SearchStrategy[Source] = st.one_of(
    st.sampled_from(
        [AaveV3Source(), BalancerV2Source(), BalancerV3Source(), UniswapV4Source(), NoSource()]
    ),
    st.builds(UniswapV2Source, pair=addresses, fee_pips=fees, is_asset_first=st.booleans()),
    st.builds(UniswapV3Source, other_token=addresses, fee_pips=fees, factory=bytes_),
    st.builds(SoloMarginSource, market=bytes_),
)


def is_executable(plan: Plan) -> bool:
    """Whether the source can serve these hops at all."""
    if isinstance(plan.source, NoSource):
        return isinstance(plan.hops[0], UniswapV2Hop | UniswapV3Hop | UniswapV4Hop)
    trades_in_vault = any(isinstance(hop, BalancerV2Hop) for hop in plan.hops)
    return not (isinstance(plan.source, BalancerV2Source) and trades_in_vault)


def repaired(plan: Plan) -> Plan:
    """The plan, or the same with a source that can serve its hops."""
    return plan if is_executable(plan) else replace(plan, source=AaveV3Source())


any_plans = st.builds(
    Plan,
    target_block=st.integers(0, 2**64 - 1),
    parent_hash=st.none() | hashes,
    min_profit=st.integers(0, 2**128 - 1),
    tip_share_bps=st.integers(0, BPS),
    source=sources,
    asset=addresses,
    amount_in=st.integers(0, 2**128 - 1),
    hops=st.lists(hops, min_size=MIN_HOPS, max_size=MAX_HOPS).map(tuple),
)
plans = any_plans.map(repaired)


def with_second_hop(hop: PlanHop) -> Plan:
    """The first vector with another second hop."""
    return replace(PLAN, hops=(PLAN.hops[0], hop))


@given(plan=plans)
@example(plan=from_vector(VECTORS[3]))
@example(plan=from_vector(VECTORS[4]))
def test_decoding_reverses_encoding(plan: Plan) -> None:
    assert decode_execute(encode_execute(plan)) == plan


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_encoding_equals_the_shared_vectors_byte_for_byte(vector: Vector) -> None:
    plan = from_vector(vector)

    assert "0x" + encode_plan(plan).hex() == vector["packed"]
    assert "0x" + encode_execute(plan).hex() == vector["calldata"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_decoding_reads_the_shared_vectors(vector: Vector) -> None:
    plan = from_vector(vector)

    assert decode_plan(bytes.fromhex(vector["packed"][2:])) == plan
    assert decode_execute(bytes.fromhex(vector["calldata"][2:])) == plan


@given(plan=plans, hop=pair_hops)
def test_another_pair_costs_few_bytes(plan: Plan, hop: UniswapV2Hop) -> None:
    shorter = replace(plan, hops=plan.hops[: MAX_HOPS - 1])
    longer = replace(shorter, hops=(*shorter.hops, hop))

    assert len(encode_plan(longer)) - len(encode_plan(shorter)) <= BYTES_PER_PAIR_HOP


@given(plan=any_plans)
def test_source_that_cannot_serve_the_hops_is_refused(plan: Plan) -> None:
    if is_executable(plan):
        assert encode_plan(plan)
    else:
        with pytest.raises(CalldataError, match="source"):
            encode_plan(plan)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(PLAN, target_block=2**64), "target_block"),
        (replace(PLAN, target_block=-1), "target_block"),
        (replace(PLAN, parent_hash="0x" + "a" * 63), "parent_hash"),
        (replace(PLAN, min_profit=2**128), "min_profit"),
        (replace(PLAN, min_profit=-1), "min_profit"),
        (replace(PLAN, tip_share_bps=BPS + 1), "tip_share_bps"),
        (replace(PLAN, asset=Address("0x" + "A" * 40)), "asset"),
        (replace(PLAN, asset=Address("0x" + "a" * 39)), "asset"),
        (replace(PLAN, asset=Address("a" * 42)), "asset"),
        (replace(PLAN, amount_in=2**128), "amount_in"),
        (replace(PLAN, source=SoloMarginSource(market=256)), "source.market"),
        (replace(PLAN, hops=PLAN.hops[:1]), "hops"),
        (replace(PLAN, hops=PLAN.hops * MAX_HOPS), "hops"),
        (
            with_second_hop(
                UniswapV2Hop(pool=Address("0x" + "1" * 40), fee_pips=PIPS, zero_for_one=True)
            ),
            "fee_pips",
        ),
        (
            with_second_hop(UniswapV2Hop(pool=Address("pool"), fee_pips=0, zero_for_one=True)),
            "pool",
        ),
        (
            with_second_hop(SolidlyHop(token_in=Address(""), pool=Address(""), zero_for_one=True)),
            "token_in",
        ),
    ],
)
def test_encoding_a_field_out_of_range_names_it(plan: Plan, field: str) -> None:
    with pytest.raises(CalldataError) as caught:
        encode_execute(plan)

    assert caught.value.field == field


@given(packed=st.binary(max_size=700))
@example(packed=bytes(26) + b"\x08" + bytes(36 + 48))
@example(packed=bytes(63) + b"\x08" * 48)
@example(packed=bytes(63) + bytes(48)[:-1])
def test_decoding_garbage_is_a_wire_error_or_reversible(packed: bytes) -> None:
    try:
        plan = decode_plan(packed)
    except WireError:
        return
    assert encode_plan(plan) == packed


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


@given(asset=addresses, source=st.sampled_from(SourceKind), amounts=st.tuples(*[UINT256] * 3))
def test_event_is_read_from_its_log(
    asset: Address, source: SourceKind, amounts: tuple[int, int, int]
) -> None:
    data = encode(["uint8", *["uint256"] * 3], [source, *amounts])

    event = decode_executed(topics=[EXECUTED_TOPIC, encode(["address"], [asset])], data=data)

    amount_in, gross_profit, tip = amounts
    assert event == ExecutedEvent(
        asset=asset,
        source=source,
        amount_in=amount_in,
        gross_profit=gross_profit,
        tip_wei=tip,
    )


@given(topics=st.lists(st.binary(max_size=40), max_size=4), data=st.binary(max_size=200))
@example(topics=[EXECUTED_TOPIC], data=b"")
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes(127))
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes([1] * 128))
@example(topics=[EXECUTED_TOPIC, bytes(32)], data=bytes(31) + b"\x08" + bytes(96))
@example(topics=[EXECUTED_TOPIC, b"\xff" * 32], data=bytes(128))
def test_event_of_other_bytes_is_a_wire_error(topics: list[bytes], data: bytes) -> None:
    with pytest.raises(WireError):
        decode_executed(topics=topics, data=data)


@pytest.mark.slow
def test_function_and_event_are_those_of_the_compiled_executor() -> None:
    assert EXECUTE_SIGNATURE in signatures("function")
    assert EXECUTED_SIGNATURE in signatures("event")
