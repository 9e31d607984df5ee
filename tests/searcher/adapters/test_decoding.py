"""Decoders against eth_abi over the whole range of each type, and against garbage."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address, PoolId
from searcher.adapters import decoding
from searcher.calldata import EXECUTED_TOPIC
from searcher.errors import WireError
from searcher.pool_updates import LiquidityChanged, PriceSet, ReservesSet

POOL = PoolId("0x" + "ab" * 20)
EXECUTOR = Address("0x" + "ec" * 20)
BLOCK_HASH = "0x" + "b1" * 32
WORD = "0x" + "00" * 32

uint112 = st.integers(0, 2**112 - 1)
uint128 = st.integers(0, 2**128 - 1)
uint160 = st.integers(0, 2**160 - 1)
int24 = st.integers(-(2**23), 2**23 - 1)
int256 = st.integers(-(2**255), 2**255 - 1)
uint256 = st.integers(0, 2**256 - 1)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=200).map(lambda raw: "0x" + raw.hex())
    | st.sampled_from([POOL, EXECUTOR, BLOCK_HASH, *decoding.POOL_TOPICS]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=10,
)


def log(topics: list[str], data: bytes) -> dict[str, object]:
    return {
        "address": POOL,
        "topics": topics,
        "data": "0x" + data.hex(),
        "logIndex": "0x0",
        "blockHash": BLOCK_HASH,
    }


def word(value: int) -> str:
    return "0x" + encode(["int256"], [value]).hex()


def receipt() -> dict[str, object]:
    data = encode(["uint8", "uint256", "uint256", "uint256"], [0, 10, 500, 400])
    executed = log(["0x" + EXECUTED_TOPIC.hex(), WORD], data) | {"address": EXECUTOR}
    return {
        "transactionHash": "0x" + "7a" * 32,
        "status": "0x1",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x3b9aca00",
        "logs": [executed],
    }


def header() -> dict[str, object]:
    return {
        "number": "0x10",
        "hash": BLOCK_HASH,
        "parentHash": WORD,
        "timestamp": "0x6553f100",
        "gasUsed": "0x0",
        "gasLimit": "0x1c9c380",
        "baseFeePerGas": "0x7",
    }


@given(uint112, uint112)
def test_sync_sets_both_reserves(reserve0: int, reserve1: int) -> None:
    data = encode(["uint112", "uint112"], [reserve0, reserve1])

    update = decoding.decode_log(log([decoding.SYNC], data), {POOL})

    assert update == ReservesSet(pool_id=POOL, reserve0=reserve0, reserve1=reserve1)


@given(price=uint160, liquidity=uint128, tick=int24, amount=int256)
def test_swap_sets_price_liquidity_and_tick(
    *, price: int, liquidity: int, tick: int, amount: int
) -> None:
    types = ["int256", "int256", "uint160", "uint128", "int24"]
    data = encode(types, [amount, amount, price, liquidity, tick])

    update = decoding.decode_log(log([decoding.SWAP, WORD, WORD], data), {POOL})

    assert update == PriceSet(pool_id=POOL, sqrt_price_x96=price, liquidity=liquidity, tick=tick)


@given(uint160, int24)
def test_initialize_sets_the_price_and_leaves_liquidity_open(price: int, tick: int) -> None:
    data = encode(["uint160", "int24"], [price, tick])

    update = decoding.decode_log(log([decoding.INITIALIZE], data), {POOL})

    assert update == PriceSet(pool_id=POOL, sqrt_price_x96=price, liquidity=None, tick=tick)


@given(st.integers(1, 2**128 - 1), st.lists(int24, min_size=2, max_size=2, unique=True).map(sorted))
def test_mint_adds_liquidity_to_its_range(amount: int, ticks: list[int]) -> None:
    data = encode(["address", "uint128", "uint256", "uint256"], [POOL, amount, 1, 1])
    topics = [decoding.MINT, WORD, word(ticks[0]), word(ticks[1])]

    update = decoding.decode_log(log(topics, data), {POOL})

    assert update == LiquidityChanged(
        pool_id=POOL, tick_lower=ticks[0], tick_upper=ticks[1], liquidity_delta=amount
    )


@given(uint128, st.lists(int24, min_size=2, max_size=2, unique=True).map(sorted))
def test_burn_removes_liquidity_and_a_burn_of_nothing_is_no_update(
    amount: int, ticks: list[int]
) -> None:
    data = encode(["uint128", "uint256", "uint256"], [amount, 1, 1])
    topics = [decoding.BURN, WORD, word(ticks[0]), word(ticks[1])]

    update = decoding.decode_log(log(topics, data), {POOL})

    changed = LiquidityChanged(
        pool_id=POOL, tick_lower=ticks[0], tick_upper=ticks[1], liquidity_delta=-amount
    )
    assert update == (changed if amount else None)


def test_look_alike_event_of_an_unknown_contract_is_ignored_unread() -> None:
    assert decoding.decode_log(log([decoding.SYNC], b"\xff"), frozenset()) is None


def test_pool_address_in_checksum_case_is_recognised() -> None:
    data = encode(["uint112", "uint112"], [1, 2])
    shouted = log([decoding.SYNC], data) | {"address": "0x" + "AB" * 20}

    assert decoding.decode_log(shouted, {POOL}) is not None


@pytest.mark.parametrize("topics", [[], [WORD], ["0x" + "aa" * 32]])
def test_other_event_of_a_known_pool_is_no_update(topics: list[str]) -> None:
    assert decoding.decode_log(log(topics, b""), {POOL}) is None


@pytest.mark.parametrize(
    ("topics", "data", "field"),
    [
        ([decoding.SYNC], b"", "log.data"),
        ([decoding.SYNC], bytes(65), "log.data"),
        ([decoding.SYNC, WORD], bytes(64), "log.topics"),
        ([decoding.SYNC], b"\xff" * 64, "Sync.reserve0"),
        ([decoding.SYNC], bytes(32) + b"\xff" * 32, "Sync.reserve1"),
        ([decoding.SWAP, WORD, WORD], bytes(64) + b"\x01" + bytes(95), "Swap.sqrtPriceX96"),
        ([decoding.SWAP, WORD, WORD], bytes(96) + b"\x01" + bytes(63), "Swap.liquidity"),
        ([decoding.SWAP, WORD, WORD], bytes(128) + b"\x01" + bytes(31), "Swap.tick"),
        ([decoding.INITIALIZE], b"\x01" + bytes(63), "Initialize.sqrtPriceX96"),
        ([decoding.INITIALIZE], bytes(32) + b"\x01" + bytes(31), "Initialize.tick"),
        ([decoding.MINT, WORD, WORD, word(60)], bytes(32) + b"\x01" + bytes(95), "Mint.amount"),
        ([decoding.BURN, WORD, WORD, word(60)], b"\x01" + bytes(95), "Burn.amount"),
        ([decoding.BURN, WORD, word(60), word(60)], bytes(96), "log.topics"),
        ([decoding.BURN, WORD, WORD, word(2**23)], bytes(96), "log.topics"),
        ([decoding.BURN, WORD, "0x05", word(60)], bytes(96), "log.topics"),
        ([decoding.BURN, WORD, WORD + "00", word(60)], bytes(96), "log.topics"),
    ],
)
def test_impossible_event_of_a_known_pool_names_the_field(
    topics: list[str], data: bytes, field: str
) -> None:
    with pytest.raises(WireError) as caught:
        decoding.decode_log(log(topics, data), {POOL})

    assert caught.value.field == field


@given(uint256)
def test_quantity_reads_what_hex_writes(value: int) -> None:
    assert decoding.quantity(hex(value), "value") == value


@pytest.mark.parametrize(
    "value",
    [
        *("", "0x", "0x00", "0x01", "1", "0x_1", "0x 1", " 0x1", "0x1\n", "-0x1", "0x" + "f" * 65),
        *("0xg", "0x\uff11", 1, None, True, 1.0, ["0x1"]),
    ],
    ids=repr,
)
def test_quantity_refuses_every_other_spelling(value: object) -> None:
    with pytest.raises(WireError, match="cannot decode nonce"):
        decoding.quantity(value, "nonce")


@pytest.mark.parametrize("value", ["", "0x0", "0x 00", "0x0g", "00", 0, None], ids=repr)
def test_hex_bytes_refuses_what_is_not_whole_bytes(value: object) -> None:
    with pytest.raises(WireError):
        decoding.hex_bytes(value, "data")


@pytest.mark.parametrize("field", list(header()))
def test_header_without_a_field_names_it(field: str) -> None:
    damaged = header()
    del damaged[field]

    with pytest.raises(WireError) as caught:
        decoding.decode_header(damaged)

    assert caught.value.field == field


def test_updates_of_another_block_are_refused() -> None:
    foreign = log([], b"") | {"blockHash": WORD}

    with pytest.raises(WireError, match="of another block"):
        decoding.decode_updates([foreign], block_hash=BLOCK_HASH, pools={POOL})


@pytest.mark.parametrize("indices", [(0, 0), (3, 2)])
def test_updates_out_of_order_are_refused(indices: tuple[int, int]) -> None:
    logs = [log([], b"") | {"logIndex": hex(index)} for index in indices]

    with pytest.raises(WireError, match="out of order"):
        decoding.decode_updates(logs, block_hash=BLOCK_HASH, pools={POOL})


def test_receipt_takes_profit_and_tip_from_the_executors_event() -> None:
    decoded = decoding.decode_receipt(receipt(), executor=EXECUTOR)

    assert (decoded.gross_profit_wei, decoded.tip_wei) == (500, 400)
    assert (decoded.gas_used_gas, decoded.effective_gas_price_wei) == (21_000, 10**9)


def test_receipt_ignores_the_same_event_of_a_stranger() -> None:
    decoded = decoding.decode_receipt(receipt(), executor=Address("0x" + "ee" * 20))

    assert (decoded.gross_profit_wei, decoded.tip_wei) == (0, 0)


def test_reverted_receipt_has_no_profit() -> None:
    decoded = decoding.decode_receipt(receipt() | {"status": "0x0", "logs": []}, executor=EXECUTOR)

    assert (decoded.succeeded, decoded.gross_profit_wei) == (False, 0)


def test_receipt_with_an_impossible_status_is_refused() -> None:
    with pytest.raises(WireError, match=r"receipt\.status"):
        decoding.decode_receipt(receipt() | {"status": "0x2"}, executor=EXECUTOR)


DECODERS: list[tuple[Callable[[object], object], dict[str, object]]] = [
    (decoding.decode_header, header()),
    (lambda value: decoding.decode_log(value, {POOL}), log([decoding.SYNC], bytes(64))),
    (lambda value: decoding.decode_receipt(value, executor=EXECUTOR), receipt()),
    (
        lambda value: decoding.decode_updates(value, block_hash=BLOCK_HASH, pools={POOL}),
        log([decoding.BURN, WORD, WORD, word(60)], bytes(96)),
    ),
]


@given(st.sampled_from(DECODERS), json_values, st.data())
def test_mutated_json_raises_nothing_but_wire_errors(
    decoder: tuple[Callable[[object], object], dict[str, object]],
    garbage: object,
    data: st.DataObject,
) -> None:
    decode, valid = decoder
    mutated = valid | {data.draw(st.sampled_from(list(valid))): garbage}
    for value in (garbage, mutated, [mutated], [valid, garbage]):
        with suppress(WireError):
            decode(value)


@given(st.sampled_from(decoding.POOL_TOPICS), st.lists(st.binary(max_size=40)), st.binary())
def test_random_bytes_raise_nothing_but_wire_errors(
    topic: str, topics: list[bytes], data: bytes
) -> None:
    value = log([topic, *("0x" + item.hex() for item in topics)], data)
    with suppress(WireError):
        decoding.decode_log(value, {POOL})
