"""What the PoolManager announces: pools by their keys, most of them refused by name."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from graphs.pools.pool_key import DYNAMIC_FEE_FLAG, NATIVE_CURRENCY, NO_HOOKS, PoolKey
from graphs.units import Address
from searcher.adapters.created_pools import (
    V4_INITIALIZE,
    CreatedPool,
    Factory,
    Refusal,
    decode_created,
)
from searcher.errors import WireError
from tests.searcher.adapters.known_pairs import TOKENS

MANAGER = Address("0x" + "ee" * 20)
FACTORIES = {MANAGER: Factory(kind="uniswap_v4", venue="four", address=MANAGER)}
KEY = PoolKey(
    currency0=TOKENS[0], currency1=TOKENS[1], fee_pips=500, tick_spacing=10, hooks=NO_HOOKS
)


def initialised(key: PoolKey, *, pool_id: str = "") -> dict[str, object]:
    types = ["uint24", "int24", "address", "uint160", "int24"]
    data = encode(types, [key.fee_pips, key.tick_spacing, key.hooks, 2**96, 0])
    currencies = ("0x" + "00" * 12 + token[2:] for token in (key.currency0, key.currency1))
    return {
        "address": MANAGER,
        "topics": [V4_INITIALIZE, pool_id or key.id, *currencies],
        "data": "0x" + data.hex(),
    }


def test_v4_pool_without_hooks_is_announced_by_its_key() -> None:
    created = decode_created(initialised(KEY), FACTORIES)

    assert isinstance(created, CreatedPool)
    assert (created.id, created.tokens) == (KEY.id, TOKENS)
    assert (created.fee_pips, created.tick_spacing) == (500, 10)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (replace(KEY, hooks=Address("0x" + "ab" * 20)), "its hooks at"),
        (replace(KEY, fee_pips=DYNAMIC_FEE_FLAG), "its fee is dynamic"),
        (replace(KEY, currency0=NATIVE_CURRENCY), "it trades native ether"),
    ],
    ids=["hooks", "dynamic", "native"],
)
def test_v4_pool_that_cannot_be_quoted_is_refused_by_name(key: PoolKey, reason: str) -> None:
    refused = decode_created(initialised(key), FACTORIES)

    assert isinstance(refused, Refusal)
    assert refused.reason.startswith(reason)


def test_v4_id_that_is_not_the_hash_of_its_key_is_a_wire_error() -> None:
    with pytest.raises(WireError, match="not the hash"):
        decode_created(initialised(KEY, pool_id="0x" + "cd" * 32), FACTORIES)
