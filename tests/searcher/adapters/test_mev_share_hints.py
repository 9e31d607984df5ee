"""Hints as records, whatever is withheld, and the known pools that they name."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import PoolId
from searcher.adapters.mev_share_hints import (
    BALANCER_SWAP,
    CURVE_EXCHANGE,
    UNISWAP_V2_SWAP,
    UNISWAP_V3_SWAP,
    decode_event,
    decode_hint,
    touched_pools,
)
from searcher.errors import WireError

HASH = "0x" + "ab" * 32
ZERO = "0x" + "00" * 32
POOL = "0x" + "11" * 20
OTHER = "0x" + "22" * 20
VAULT = "0x" + "ba" * 20
POOL_ID = "0x" + "33" * 20 + "0002" + "00" * 10
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([HASH, POOL, "0x", "0x0", "0x1", "x"]),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["hash", "logs", "txs", "address", "topics", "data", "to", "callData", "gasUsed"]
            ),
            inner,
        ),
    ),
    max_leaves=20,
)


def log(address: str, *topics: str) -> dict[str, object]:
    return {"address": address, "topics": list(topics), "data": "0x"}


def touched(*known: str, **shared: object) -> tuple[PoolId, ...]:
    return touched_pools(decode_hint({"hash": HASH, **shared}), {PoolId(pool) for pool in known})


def test_topics_are_those_that_default_hints_keep() -> None:
    assert UNISWAP_V2_SWAP.startswith("0xd78ad95fa46c994b6551d0da85fc275f")
    assert UNISWAP_V3_SWAP.startswith("0xc42079f94a6350d7e6235f29174924f9")
    assert CURVE_EXCHANGE.startswith("0x8b3e96f2b889fa771c53c981b40daf00")
    assert BALANCER_SWAP.startswith("0x2170c741c41531aec20e7c107c24eecf")


def test_hint_that_shares_nothing_is_only_a_hash() -> None:
    hint = decode_event(msgspec.json.encode({"hash": HASH, "logs": None, "txs": None}))

    assert (hint.hash, hint.logs, hint.transactions) == (HASH, (), ())
    assert hint.mev_gas_price_wei is hint.gas_used_gas is None


def test_everything_that_can_be_shared_is_read() -> None:
    shared = {
        "hash": HASH,
        "to": POOL.upper().replace("X", "x"),
        "functionSelector": "0xa9059cbb",
        "callData": "0xa9059cbb00",
        "from": OTHER,
        "value": "0x5",
        "nonce": "0x7",
        "gas": "0x5208",
        "maxFeePerGas": "0x3b9aca00",
        "maxPriorityFeePerGas": "0x1",
        "chainId": "0x1",
    }
    value = {"hash": HASH, "txs": [shared], "mevGasPrice": "0x12a05f200", "gasUsed": "0x1d4c0"}
    hint = decode_hint(value)

    (tx,) = hint.transactions
    assert (tx.hash, tx.to, tx.sender) == (HASH, POOL, OTHER)
    assert (tx.function_selector, tx.call_data) == (b"\xa9\x05\x9c\xbb", b"\xa9\x05\x9c\xbb\0")
    assert (tx.value_wei, tx.nonce, tx.gas_limit_gas) == (5, 7, 21_000)
    assert (tx.max_fee_per_gas_wei, tx.max_priority_fee_per_gas_wei) == (10**9, 1)
    assert (hint.mev_gas_price_wei, hint.gas_used_gas) == (5 * 10**9, 120_000)


@pytest.mark.parametrize("kept", [UNISWAP_V2_SWAP, UNISWAP_V3_SWAP, CURVE_EXCHANGE])
def test_swap_names_its_pool_by_the_address_of_its_log(kept: str) -> None:
    logs = [log(POOL, kept, ZERO, ZERO), log(OTHER, kept), log(POOL, kept)]

    assert touched(POOL, logs=logs) == (POOL,)
    assert touched(POOL, OTHER, logs=logs) == (POOL, OTHER)


@pytest.mark.parametrize("known", [POOL_ID, POOL_ID[:42]])
def test_balancer_names_its_pool_in_the_second_topic(known: str) -> None:
    logs = [log(VAULT, BALANCER_SWAP, POOL_ID, ZERO, ZERO), log(VAULT, BALANCER_SWAP)]

    assert touched(known, VAULT, logs=logs) == (known,)


def test_called_pool_is_touched_and_a_router_is_not_known() -> None:
    assert touched(POOL, txs=[{"to": POOL}, {"to": OTHER}, {"callData": "0x"}]) == (POOL,)


@given(value=JSON)
def test_any_json_decodes_or_is_refused(value: object) -> None:
    try:
        hint = decode_event(msgspec.json.encode(value))
    except WireError:
        return

    assert set(touched_pools(hint, {PoolId(POOL)})) <= {POOL}


@given(data=st.binary(max_size=100))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_event(data)


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(WireError):
        decode_event(b"[" * 100_000)
