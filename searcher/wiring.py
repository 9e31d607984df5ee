"""What an executor is built with, as its constructor takes it.

Separate from the deployments, so that every one of them, local or real, builds the same struct:
equal wirings give equal code, and with CREATE2 equal addresses.
"""

from dataclasses import dataclass
from typing import Final

from graphs.units import Address

NOWHERE: Final = Address("0x" + "0" * 40)
"""Stands for a protocol that the chain does not have; a plan that uses it reverts."""

UNISWAP_V3_INIT_CODE_HASH: Final = (
    "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
)
"""Of UniswapV3Pool, the same on every chain with Uniswap's own deployment."""

MAX_CONCENTRATED_FACTORIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentratedFactory:
    """Uniswap V3 or a fork, whose pools the executor finds by their CREATE2 address."""

    deployer: Address
    """Of the pools: the factory itself, but PancakeSwap's pool deployer."""

    init_code_hash: str
    """Of the pools' creation code, hex with 0x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The constructor's struct."""

    owner: Address
    """Who can trade."""

    beneficiary: Address
    """Who receives the profit, for good."""

    weth: Address
    """Wrapped ether."""

    guardian: Address = NOWHERE
    """Who can pause besides the owner."""

    aave_pool: Address = NOWHERE
    """Aave V3."""

    balancer_v2_vault: Address = NOWHERE
    """Balancer V2."""

    balancer_v3_vault: Address = NOWHERE
    """Balancer V3."""

    uniswap_v4_manager: Address = NOWHERE
    """Uniswap V4's PoolManager."""

    solo_margin: Address = NOWHERE
    """dYdX's SoloMargin."""

    concentrated_factories: tuple[ConcentratedFactory, ...] = ()
    """At most three; plans call them by their place, Uniswap's own is the first."""


def constructor_argument(wiring: Wiring) -> tuple[object, ...]:
    """The struct as nested tuples, in the order of `IArbitrageExecutor.Wiring`.

    Raises:
        ValueError: there are more factories than the executor can hold.
    """
    factories = [
        (factory.deployer, bytes.fromhex(factory.init_code_hash.removeprefix("0x")))
        for factory in wiring.concentrated_factories
    ]
    missing = MAX_CONCENTRATED_FACTORIES - len(factories)
    if missing < 0:
        raise ValueError(f"{len(factories)} factories")
    return (
        wiring.owner,
        wiring.beneficiary,
        wiring.guardian,
        wiring.weth,
        wiring.aave_pool,
        wiring.balancer_v2_vault,
        wiring.balancer_v3_vault,
        wiring.uniswap_v4_manager,
        wiring.solo_margin,
        (*factories, *([(NOWHERE, bytes(32))] * missing)),
    )
