"""What a network's executor is built with, from the network's settings.

Separate from the deployments, so that a real one, a fork's and the local chain's agree: the same
network gives the same code, and with CREATE2 the same address.
"""

from graphs.units import Address
from searcher.errors import ConfigError
from searcher.flash_lenders import LenderKind
from searcher.settings.network import (
    NetworkSettings,
)
from searcher.wiring import (
    MAX_CONCENTRATED_FACTORIES,
    NOWHERE,
    UNISWAP_V3_INIT_CODE_HASH,
    ConcentratedFactory,
    Wiring,
)


def concentrated_factories(network: NetworkSettings) -> tuple[Address, ...]:
    """The factories of Uniswap V3 and its forks, in the order of their numbers in a plan."""
    return tuple(
        Address(factory.address) for factory in network.factories if factory.kind == "uniswap_v3"
    )


def network_wiring(
    network: NetworkSettings, *, owner: Address, beneficiary: Address, guardian: Address = NOWHERE
) -> Wiring:
    """Take each protocol's contract from the network's first lender of that kind.

    Raises:
        ConfigError: more concentrated factories than an executor can hold.
    """
    lenders = {
        lender.kind: Address(lender.address)
        for lender in reversed(network.lenders)
        if lender.address is not None
    }
    factories = tuple(
        ConcentratedFactory(deployer=factory, init_code_hash=UNISWAP_V3_INIT_CODE_HASH)
        for factory in concentrated_factories(network)
    )
    if len(factories) > MAX_CONCENTRATED_FACTORIES:
        raise ConfigError(
            f"an executor holds {MAX_CONCENTRATED_FACTORIES} factories of kind uniswap_v3, "
            f"the network names {len(factories)}; remove one"
        )
    return Wiring(
        owner=owner,
        beneficiary=beneficiary,
        guardian=guardian,
        weth=Address(network.weth),
        aave_pool=lenders.get(LenderKind.AAVE_V3, NOWHERE),
        balancer_v2_vault=lenders.get(LenderKind.BALANCER_V2, NOWHERE),
        balancer_v3_vault=lenders.get(LenderKind.BALANCER_V3, NOWHERE),
        uniswap_v4_manager=lenders.get(LenderKind.UNISWAP_V4, NOWHERE),
        solo_margin=lenders.get(LenderKind.DYDX_SOLO, NOWHERE),
        concentrated_factories=factories,
    )
