"""Keys of Uniswap V4 pools: the id that the manager knows, and what is not admitted."""

from dataclasses import replace

import pytest

from graphs.pools.pool_key import DYNAMIC_FEE_FLAG, NATIVE_CURRENCY, NO_HOOKS, PoolKey, find_refusal
from graphs.units import Address

USDC = Address("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48")
USDT = Address("0xdac17f958d2ee523a2206206994597c13d831ec7")
HOOKS = Address("0x" + "0" * 36 + "2080")

USDC_USDT = PoolKey(currency0=USDC, currency1=USDT, fee_pips=10, tick_spacing=1, hooks=NO_HOOKS)
ETH_USDC = PoolKey(
    currency0=NATIVE_CURRENCY, currency1=USDC, fee_pips=500, tick_spacing=10, hooks=NO_HOOKS
)


# Mainnet's PoolManager at 0x000000000004444c5dc75cb358380d2e3de08a90, blocks 25706469 and 24407242.
@pytest.mark.parametrize(
    ("key", "known"),
    [
        (USDC_USDT, "0x8aa4e11cbdf30eedc92100f4c8a31ff748e201d44712cc8c90d189edaa8e4e47"),
        (ETH_USDC, "0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27"),
    ],
    ids=["usdc-usdt", "eth-usdc"],
)
def test_id_is_the_one_on_mainnet(key: PoolKey, known: str) -> None:
    assert key.id == known


def test_pool_of_two_tokens_without_hooks_and_with_a_static_fee_is_admitted() -> None:
    assert find_refusal(USDC_USDT) is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (replace(USDC_USDT, hooks=HOOKS), "hooks at 0x00000000"),
        (replace(USDC_USDT, fee_pips=DYNAMIC_FEE_FLAG), "fee is dynamic"),
        (replace(USDC_USDT, fee_pips=DYNAMIC_FEE_FLAG, hooks=HOOKS), "hooks"),
        (ETH_USDC, "native ether"),
    ],
    ids=["hooks", "dynamic-fee", "hooks-that-set-the-fee", "native-ether"],
)
def test_pool_that_cannot_be_quoted_or_executed_is_refused_with_a_reason(
    key: PoolKey, words: str
) -> None:
    assert words in (find_refusal(key) or "")
