"""What the flash lenders can lend and what they charge, asked together with a block's other state.

Addresses that a protocol keeps elsewhere (Aave's token per reserve, Balancer's fee collector) are
resolved once at start; each block then reads amounts, fees and switches. A lender that cannot lend,
or answers what its protocol does not, is a Lender with nothing available and the reason, not an
error: the next best one is used.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Final

from graphs.fixed_point import UINT112_MAX
from graphs.units import PIPS, Address
from searcher.adapters.lending_desk import (
    NOBODY,
    PIPS_PER_BPS,
    LenderSource,
    LendingDesk,
    Protocol,
    Terms,
)
from searcher.adapters.lending_pools import UNISWAP_V2, UNISWAP_V3
from searcher.adapters.lending_vaults import (
    AAVE_V3,
    BALANCER_V2,
    BALANCER_V3,
    DYDX_SOLO,
    UNISWAP_V4,
)
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError
from searcher.flash_lenders import Lender, LenderKind, LenderRefusal
from searcher.plans import NoSource

FIRST_POOL: Final = LenderSource(kind=LenderKind.NONE, address=NOBODY)
"""The first hop's own pool, which costs nothing; what it can pay is the quote's concern."""

_FIRST_POOL_PROTOCOL: Final = Protocol(
    setup_calls=lambda _source, _asset: (),
    desk=lambda source, asset, _answers: LendingDesk(
        source=source, asset=asset, plan_source=NoSource()
    ),
    calls=lambda _desk: (),
    terms=lambda _desk, _answers: Terms(available=UINT112_MAX, fee_pips=0),
)

PROTOCOLS: Final[Mapping[LenderKind, Protocol]] = MappingProxyType(
    {
        LenderKind.NONE: _FIRST_POOL_PROTOCOL,
        LenderKind.AAVE_V3: AAVE_V3,
        LenderKind.BALANCER_V2: BALANCER_V2,
        LenderKind.BALANCER_V3: BALANCER_V3,
        LenderKind.UNISWAP_V2: UNISWAP_V2,
        LenderKind.UNISWAP_V3: UNISWAP_V3,
        LenderKind.UNISWAP_V4: UNISWAP_V4,
        LenderKind.DYDX_SOLO: DYDX_SOLO,
    }
)


async def resolve_desks(
    multicall: Multicall,
    *,
    sources: Sequence[LenderSource],
    assets: Sequence[Address],
    block_hash: str,
) -> tuple[LendingDesk, ...]:
    """A desk for every asset of every lender, in that order; some refuse for good.

    Raises:
        RpcError: the node refused.
        WireError: there is no Multicall3.
    """
    pairs = [(source, asset) for source in sources for asset in assets]
    groups = [PROTOCOLS[source.kind].setup_calls(source, asset) for source, asset in pairs]
    answers = iter(await multicall.aggregate(list(chain.from_iterable(groups)), block_hash))
    return tuple(
        _resolved(source, asset, list(islice(answers, len(group))))
        for (source, asset), group in zip(pairs, groups, strict=True)
    )


def desk_calls(desks: Sequence[LendingDesk]) -> list[Call]:
    """What to ask at each block."""
    return [call for desk in desks for call in _calls(desk)]


def decode_lenders(
    desks: Sequence[LendingDesk], answers: Sequence[bytes | None]
) -> tuple[Lender, ...]:
    """The lenders from the answers to `desk_calls`; nothing is available where one is of no use.

    Raises:
        WireError: the answers are not those to the desks' calls.
    """
    groups = [_calls(desk) for desk in desks]
    if len(answers) != sum(map(len, groups)):
        raise WireError("lenders", "answers do not match the calls")
    rest = iter(answers)
    return tuple(
        _lender(desk, list(islice(rest, len(group))))
        for desk, group in zip(desks, groups, strict=True)
    )


def _resolved(source: LenderSource, asset: Address, answers: list[bytes | None]) -> LendingDesk:
    desk = _desk(source, asset, answers)
    if isinstance(desk, LendingDesk):
        return desk
    return LendingDesk(source=source, asset=asset, plan_source=NoSource(), refusal=desk)


def _desk(
    source: LenderSource, asset: Address, answers: list[bytes | None]
) -> LendingDesk | LenderRefusal:
    if not all(answers[:1]):
        return LenderRefusal.MISSING
    try:
        return PROTOCOLS[source.kind].desk(source, asset, answers)
    except WireError:
        return LenderRefusal.GARBLED


def _calls(desk: LendingDesk) -> tuple[Call, ...]:
    return PROTOCOLS[desk.source.kind].calls(desk) if desk.refusal is None else ()


def _lender(desk: LendingDesk, answers: Sequence[bytes | None]) -> Lender:
    terms = _terms(desk, answers)
    refusal = terms.refusal or _refusal(terms)
    return Lender(
        kind=desk.source.kind,
        address=desk.source.address,
        asset=desk.asset,
        source=desk.plan_source,
        available=0 if refusal else min(terms.available, UINT112_MAX),
        fee_bps=terms.fee_pips // PIPS_PER_BPS,
        refusal=refusal,
    )


def _refusal(terms: Terms) -> LenderRefusal | None:
    """Why nobody borrows on these terms, although they are offered."""
    if terms.fee_pips >= PIPS:
        return LenderRefusal.OVERPRICED
    if terms.fee_pips % PIPS_PER_BPS:
        return LenderRefusal.UNPRICED
    return None if terms.available else LenderRefusal.DRAINED


def _terms(desk: LendingDesk, answers: Sequence[bytes | None]) -> Terms:
    if desk.refusal is not None:
        return Terms(available=0, fee_pips=0, refusal=desk.refusal)
    given = [answer for answer in answers if answer]
    if len(given) < len(answers):
        return Terms(available=0, fee_pips=0, refusal=LenderRefusal.SILENT)
    try:
        return PROTOCOLS[desk.source.kind].terms(desk, given)
    except WireError:
        return Terms(available=0, fee_pips=0, refusal=LenderRefusal.GARBLED)
