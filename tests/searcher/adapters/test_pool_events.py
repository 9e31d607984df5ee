"""Events of pools against eth_abi over the whole range of each type, and against garbage."""

from contextlib import suppress
from typing import get_args

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address, PoolId
from searcher.adapters.created_pools import (
    CreatedPool,
    Factory,
    PoolKind,
    decode_created,
    topics_of,
)
from searcher.adapters.event_words import Unsaid
from searcher.adapters.known_pools import KnownPools, _ordered
from searcher.adapters.pool_events import (
    BURN,
    CURVE_UNSAID,
    INITIALIZE,
    MINT,
    POOL_TOPICS,
    SET_CUSTOM_FEE,
    SOLIDLY_SYNC,
    SWAP,
    SWAP_FEE_CHANGED,
    SYNC,
)
from searcher.adapters.singleton_events import (
    MODIFY_LIQUIDITY,
    POOL_BALANCE_CHANGED,
    POOL_BALANCE_MANAGED,
    PROTOCOL_FEE_UPDATED,
    V4_SWAP,
    VAULT_SWAP,
)
from searcher.errors import WireError
from searcher.pool_updates import (
    BalancesMoved,
    LiquidityChanged,
    PoolEvent,
    PriceSet,
    ProtocolFeeSet,
    ReservesSet,
    SwapFeeSet,
)
from tests.searcher.adapters.known_pairs import FACTORY, TOKENS, known_pools

POOL = PoolId("0x" + "ab" * 20)
KEEPER = Address("0x" + "ee" * 20)
KEPT = PoolId("0x" + "ab" * 20 + "cd" * 12)
BLOCK_HASH = "0x" + "b1" * 32
WORD = "0x" + "00" * 32

uint24 = st.integers(0, 2**24 - 1)
uint112 = st.integers(0, 2**112 - 1)
uint128 = st.integers(0, 2**128 - 1)
uint160 = st.integers(0, 2**160 - 1)
uint256 = st.integers(0, 2**256 - 1)
int24 = st.integers(-(2**23), 2**23 - 1)
int128 = st.integers(-(2**127), 2**127 - 1)
int256 = st.integers(-(2**255), 2**255 - 1)
ranges = st.lists(int24, min_size=2, max_size=2, unique=True).map(sorted)
KINDS: tuple[PoolKind, ...] = get_args(PoolKind)


def log(topics: list[str], data: bytes, *, emitter: str = POOL) -> dict[str, object]:
    return {
        "address": emitter,
        "topics": topics,
        "data": "0x" + data.hex(),
        "logIndex": "0x0",
        "blockHash": BLOCK_HASH,
    }


def word(value: int) -> str:
    return "0x" + encode(["int256"], [value]).hex()


def padded(address: str) -> str:
    return "0x" + "00" * 12 + address[2:]


def kept(kind: PoolKind) -> KnownPools:
    """One pool of a contract that keeps many."""
    is_v4 = kind == "uniswap_v4"
    factory = Factory(kind=kind, venue="venue", address=KEEPER if is_v4 else FACTORY, vault=KEEPER)
    known = KnownPools([factory])
    pool = CreatedPool(
        kind=kind, venue="venue", id=KEPT, factory=factory.address, keeper=KEEPER, tokens=TOKENS
    )
    known.learn([pool], live=[KEPT])
    return known


def kept_event(kind: PoolKind, topics: list[str], data: bytes) -> PoolEvent | Unsaid | None:
    return kept(kind).decode(log([topics[0], KEPT, *topics[1:]], data, emitter=KEEPER))


def decoded(value: object) -> PoolEvent | Unsaid | None:
    """The event of a pair where it is a Sync, else of a concentrated pool."""
    topics = value["topics"] if isinstance(value, dict) else []
    kind: PoolKind = "uniswap_v2" if SYNC in topics else "uniswap_v3"
    return known_pools(POOL, kind=kind).decode(value)


@given(uint112, uint112)
def test_sync_sets_both_reserves(reserve0: int, reserve1: int) -> None:
    data = encode(["uint112", "uint112"], [reserve0, reserve1])

    update = decoded(log([SYNC], data))

    assert update == ReservesSet(pool_id=POOL, reserve0=reserve0, reserve1=reserve1)


@given(price=uint160, liquidity=uint128, tick=int24, amount=int256)
def test_swap_sets_price_liquidity_and_tick(
    *, price: int, liquidity: int, tick: int, amount: int
) -> None:
    types = ["int256", "int256", "uint160", "uint128", "int24"]
    data = encode(types, [amount, amount, price, liquidity, tick])

    update = decoded(log([SWAP, WORD, WORD], data))

    assert update == PriceSet(pool_id=POOL, sqrt_price_x96=price, liquidity=liquidity, tick=tick)


def test_initialised_pool_is_to_be_read_since_it_had_no_state() -> None:
    assert decoded(log([INITIALIZE], bytes(64))) == Unsaid(pool_id=POOL)


@given(st.integers(1, 2**128 - 1), st.lists(int24, min_size=2, max_size=2, unique=True).map(sorted))
def test_mint_adds_liquidity_to_its_range(amount: int, ticks: list[int]) -> None:
    data = encode(["address", "uint128", "uint256", "uint256"], [POOL, amount, 1, 1])
    topics = [MINT, WORD, word(ticks[0]), word(ticks[1])]

    update = decoded(log(topics, data))

    assert update == LiquidityChanged(
        pool_id=POOL, tick_lower=ticks[0], tick_upper=ticks[1], liquidity_delta=amount
    )


@given(uint128, st.lists(int24, min_size=2, max_size=2, unique=True).map(sorted))
def test_burn_removes_liquidity_and_a_burn_of_nothing_is_no_update(
    amount: int, ticks: list[int]
) -> None:
    data = encode(["uint128", "uint256", "uint256"], [amount, 1, 1])
    topics = [BURN, WORD, word(ticks[0]), word(ticks[1])]

    update = decoded(log(topics, data))

    changed = LiquidityChanged(
        pool_id=POOL, tick_lower=ticks[0], tick_upper=ticks[1], liquidity_delta=-amount
    )
    assert update == (changed if amount else None)


def test_look_alike_event_of_an_unknown_contract_is_ignored_unread() -> None:
    assert known_pools().decode(log([SYNC], b"\xff")) is None


def test_pool_address_in_checksum_case_is_recognised() -> None:
    data = encode(["uint112", "uint112"], [1, 2])
    shouted = log([SYNC], data) | {"address": "0x" + "AB" * 20}

    assert decoded(shouted) is not None


@pytest.mark.parametrize("topics", [[], [WORD], ["0x" + "aa" * 32]])
def test_other_event_of_a_known_pool_is_no_update(topics: list[str]) -> None:
    assert decoded(log(topics, b"")) is None


@pytest.mark.parametrize(
    ("topics", "data", "field"),
    [
        ([SYNC], b"", "log.data"),
        ([SYNC], bytes(65), "log.data"),
        ([SYNC, WORD], bytes(64), "log.topics"),
        ([SYNC], b"\xff" * 64, "Sync.reserve0"),
        ([SYNC], bytes(32) + b"\xff" * 32, "Sync.reserve1"),
        ([SWAP, WORD, WORD], bytes(64) + b"\x01" + bytes(95), "Swap.sqrtPriceX96"),
        ([SWAP, WORD, WORD], bytes(96) + b"\x01" + bytes(63), "Swap.liquidity"),
        ([SWAP, WORD, WORD], bytes(128) + b"\x01" + bytes(31), "Swap.tick"),
        ([MINT, WORD, WORD, word(60)], bytes(32) + b"\x01" + bytes(95), "Mint.amount"),
        ([BURN, WORD, WORD, word(60)], b"\x01" + bytes(95), "Burn.amount"),
        ([BURN, WORD, word(60), word(60)], bytes(96), "log.topics"),
        ([BURN, WORD, WORD, word(2**23)], bytes(96), "log.topics"),
        ([BURN, WORD, "0x05", word(60)], bytes(96), "log.topics"),
        ([BURN, WORD, WORD + "00", word(60)], bytes(96), "log.topics"),
    ],
)
def test_impossible_event_of_a_known_pool_names_the_field(
    topics: list[str], data: bytes, field: str
) -> None:
    with pytest.raises(WireError) as caught:
        decoded(log(topics, data))

    assert caught.value.field == field


@given(uint256, uint256)
def test_solidly_sync_sets_both_reserves(reserve0: int, reserve1: int) -> None:
    data = encode(["uint256", "uint256"], [reserve0, reserve1])

    update = known_pools(POOL, kind="solidly").decode(log([SOLIDLY_SYNC], data))

    assert update == ReservesSet(pool_id=POOL, reserve0=reserve0, reserve1=reserve1)


@given(amount=int128, price=uint160, liquidity=uint128, tick=int24, fee=uint24)
def test_v4_swap_sets_price_liquidity_and_tick(
    *, amount: int, price: int, liquidity: int, tick: int, fee: int
) -> None:
    types = ["int128", "int128", "uint160", "uint128", "int24", "uint24"]
    data = encode(types, [amount, -amount - 1, price, liquidity, tick, fee])

    update = kept_event("uniswap_v4", [V4_SWAP, WORD], data)

    assert update == PriceSet(pool_id=KEPT, sqrt_price_x96=price, liquidity=liquidity, tick=tick)


@given(ranges, int128)
def test_v4_position_changes_by_its_delta_and_a_change_of_nothing_is_no_update(
    ticks: list[int], delta: int
) -> None:
    data = encode(["int24", "int24", "int256", "bytes32"], [*ticks, delta, bytes(32)])

    update = kept_event("uniswap_v4", [MODIFY_LIQUIDITY, WORD], data)

    changed = LiquidityChanged(
        pool_id=KEPT, tick_lower=ticks[0], tick_upper=ticks[1], liquidity_delta=delta
    )
    assert update == (changed if delta else None)


@given(uint24)
def test_v4_protocol_fee_is_set_as_packed(fee: int) -> None:
    update = kept_event("uniswap_v4", [PROTOCOL_FEE_UPDATED], encode(["uint24"], [fee]))

    assert update == ProtocolFeeSet(pool_id=KEPT, protocol_fee=fee)


@given(uint256, uint256)
def test_vault_swap_moves_both_balances(added: int, taken: int) -> None:
    topics = [VAULT_SWAP, *map(padded, TOKENS)]
    update = kept_event("balancer_weighted", topics, encode(["uint256"] * 2, [added, taken]))

    assert update == BalancesMoved(pool_id=KEPT, deltas=((TOKENS[0], added), (TOKENS[1], -taken)))


@given(st.lists(st.tuples(st.binary(min_size=20, max_size=20), int256, uint256), max_size=8))
def test_join_or_exit_moves_each_balance_less_the_protocols_fee(
    rows: list[tuple[bytes, int, int]],
) -> None:
    tokens = [Address("0x" + token.hex()) for token, _, _ in rows]
    deltas, fees = [delta for _, delta, _ in rows], [fee for _, _, fee in rows]
    data = encode(["address[]", "int256[]", "uint256[]"], [tokens, deltas, fees])

    update = kept_event("balancer_stable", [POOL_BALANCE_CHANGED, WORD], data)

    moved = (delta - fee for delta, fee in zip(deltas, fees, strict=True))
    assert update == BalancesMoved(pool_id=KEPT, deltas=tuple(zip(tokens, moved, strict=True)))


@given(uint256)
def test_balancer_pools_own_contract_sets_its_fee(fee: int) -> None:
    update = kept("balancer_weighted").decode(log([SWAP_FEE_CHANGED], encode(["uint256"], [fee])))

    assert update == SwapFeeSet(pool_id=KEPT, swap_fee=fee)


def test_events_that_do_not_tell_the_state_ask_for_it_to_be_read() -> None:
    managed = kept_event("balancer_weighted", [POOL_BALANCE_MANAGED, WORD, WORD], bytes(64))
    exchanged = known_pools(POOL, kind="curve").decode(log([CURVE_UNSAID[0]], b""))

    assert (managed, exchanged) == (Unsaid(pool_id=KEPT), Unsaid(pool_id=POOL))


def test_fee_of_a_solidly_pair_is_read_again_when_its_factory_changes_it() -> None:
    known = KnownPools([Factory(kind="solidly", venue="venue", address=KEEPER)])
    pool = CreatedPool(
        kind="solidly", venue="venue", id=POOL, factory=KEEPER, keeper=Address(POOL), tokens=TOKENS
    )
    known.learn([pool], live=[POOL])
    change = log([SET_CUSTOM_FEE, padded(POOL)], bytes(32), emitter=KEEPER)

    assert known.decode(change) == Unsaid(pool_id=POOL)


def test_vaults_event_from_a_stranger_or_of_another_vault_is_ignored() -> None:
    swap = log([VAULT_SWAP, KEPT, *map(padded, TOKENS)], bytes(64), emitter="0x" + "5e" * 20)

    assert kept("balancer_weighted").decode(swap) is None
    assert kept("balancer_weighted").decode(swap | {"address": POOL}) is None


def test_updates_of_another_block_are_refused() -> None:
    with pytest.raises(WireError, match="of another block"):
        list(_ordered([log([], b"") | {"blockHash": WORD}], BLOCK_HASH))


@pytest.mark.parametrize("indices", [(0, 0), (3, 2)])
def test_updates_out_of_order_are_refused(indices: tuple[int, int]) -> None:
    logs = [log([], b"") | {"logIndex": hex(index)} for index in indices]

    with pytest.raises(WireError, match="out of order"):
        list(_ordered(logs, BLOCK_HASH))


json_values = st.recursive(
    st.none()
    | st.integers()
    | st.text()
    | st.binary(max_size=200).map(lambda raw: "0x" + raw.hex())
    | st.sampled_from([POOL, KEEPER, KEPT, BLOCK_HASH, *POOL_TOPICS]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=10,
)


@given(
    kind=st.sampled_from(KINDS),
    first=st.sampled_from(POOL_TOPICS),
    garbage=json_values,
    data=st.data(),
)
def test_mutated_log_raises_nothing_but_wire_errors(
    *, kind: PoolKind, first: str, garbage: object, data: st.DataObject
) -> None:
    valid = log(
        [first, KEPT, WORD, WORD], bytes(96), emitter=data.draw(st.sampled_from([POOL, KEEPER]))
    )
    mutated = valid | {data.draw(st.sampled_from(list(valid))): garbage}
    for value in (garbage, mutated):
        with suppress(WireError):
            kept(kind).decode(value)


@given(st.sampled_from(KINDS), st.lists(st.binary(max_size=40), max_size=4), st.data())
def test_random_bytes_raise_nothing_but_wire_errors(
    kind: PoolKind, topics: list[bytes], data: st.DataObject
) -> None:
    factory = Factory(kind=kind, venue="venue", address=KEEPER, vault=KEEPER)
    first = data.draw(st.sampled_from([*POOL_TOPICS, *topics_of(factory)]))
    indexed = [KEPT, *("0x" + item.hex() for item in topics)]
    words = data.draw(st.binary(max_size=400))
    for emitter in (POOL, KEEPER):
        value = log([first, *indexed], words, emitter=emitter)
        with suppress(WireError):
            kept(kind).decode(value)
        with suppress(WireError):
            decode_created(value, {KEEPER: factory})
