"""Lenders from the protocols' answers: what switches and fees make of the balance."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.fixed_point import UINT112_MAX
from graphs.units import BPS, WEI_PER_ETHER, Address
from searcher.adapters.lenders import FIRST_POOL, decode_lenders, desk_calls, resolve_desks
from searcher.adapters.lending_desk import NOBODY, LenderSource, LendingDesk
from searcher.adapters.lending_pools import FACTORY, FEE, TOKEN0, TOKEN1
from searcher.adapters.lending_vaults import (
    GET_MARKET_TOKEN_ADDRESS,
    GET_PROTOCOL_FEES_COLLECTOR,
    GET_RESERVE_DATA,
    GET_RESERVES_OF,
    PROTOCOL_FEES_ACCRUED,
)
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import open_rpc
from searcher.errors import WireError
from searcher.flash_lenders import Lender, LenderKind, LenderRefusal
from searcher.plans import (
    AaveV3Source,
    BalancerV2Source,
    BalancerV3Source,
    NoSource,
    SoloMarginSource,
    Source,
    UniswapV2Source,
    UniswapV3Source,
    UniswapV4Source,
)
from tests.searcher.adapters.fake_node import MULTICALL3, FakeNode

WETH = Address("0x" + "e0" * 20)
USDC = Address("0x" + "dc" * 20)
FACTORY_ADDRESS = Address("0x" + "f1" * 20)
ANNEX = Address("0x" + "a7" * 20)
SOURCES: dict[LenderKind, LenderSource] = {
    kind: LenderSource(
        kind=kind,
        address=Address(f"0x{index:02x}" + "11" * 19),
        fee_pips=3_000,
        factories=(Address("0x" + "f0" * 20), FACTORY_ADDRESS),
    )
    for index, kind in enumerate(LenderKind)
    if kind is not LenderKind.NONE
}
PAIR = SOURCES[LenderKind.UNISWAP_V2]
PLAN_SOURCES: dict[LenderKind, Source] = {
    LenderKind.AAVE_V3: AaveV3Source(),
    LenderKind.BALANCER_V2: BalancerV2Source(),
    LenderKind.UNISWAP_V2: UniswapV2Source(pair=PAIR.address, fee_pips=3_000, is_asset_first=True),
    LenderKind.UNISWAP_V3: UniswapV3Source(other_token=ANNEX, fee_pips=500, factory=1),
    LenderKind.BALANCER_V3: BalancerV3Source(),
    LenderKind.UNISWAP_V4: UniswapV4Source(),
    LenderKind.DYDX_SOLO: SoloMarginSource(market=1),
}
DESKS: dict[LenderKind, LendingDesk] = {
    kind: LendingDesk(source=SOURCES[kind], asset=WETH, plan_source=source, annex=annex)
    for kind, source in PLAN_SOURCES.items()
    for annex in [ANNEX if kind in {LenderKind.AAVE_V3, LenderKind.BALANCER_V2} else NOBODY]
}
DESKS[LenderKind.UNISWAP_V2] = replace(DESKS[LenderKind.UNISWAP_V2], is_first=True, fee_pips=3_000)
DESKS[LenderKind.UNISWAP_V3] = replace(DESKS[LenderKind.UNISWAP_V3], fee_pips=500)
LENDING = 1 << 56 | 1 << 63
ANSWERS = st.binary(max_size=96) | st.lists(
    st.sampled_from([0, 1, 5, LENDING, 10**14, 10**18, 2**112, 2**128, 2**256 - 1]), max_size=3
).map(lambda values: words(*values))
"""Of a contract that answers what it likes."""


def words(*values: int) -> bytes:
    return b"".join(encode(["uint256"], [value]) for value in values)


WORKING = {
    LenderKind.AAVE_V3: (words(5), words(LENDING), words(1_000)),
    LenderKind.BALANCER_V2: (words(3 * 10**14), words(0, 1, 2), words(1_000)),
    LenderKind.UNISWAP_V2: (words(1_001, 7, 0),),
    LenderKind.UNISWAP_V3: (words(1), words(1_000)),
    LenderKind.BALANCER_V3: (words(1_000),),
    LenderKind.UNISWAP_V4: (words(1_000),),
    LenderKind.DYDX_SOLO: (words(1_000),),
}
"""What each answers when it lends a thousand."""

FEES_BPS = {
    LenderKind.AAVE_V3: 5,
    LenderKind.BALANCER_V2: 3,
    LenderKind.UNISWAP_V2: 30,
    LenderKind.UNISWAP_V3: 5,
}


def only(kind: LenderKind, *answers: bytes | None) -> Lender:
    (lender,) = decode_lenders([DESKS[kind]], answers)
    return lender


@pytest.mark.parametrize("kind", WORKING)
def test_working_lender_offers_its_depth_at_its_fee(kind: LenderKind) -> None:
    lender = only(kind, *WORKING[kind])

    assert (lender.available, lender.fee_bps) == (1_000, FEES_BPS.get(kind, 0))
    assert lender.refusal is None


@pytest.mark.parametrize(
    ("bitmap", "refusal"),
    [
        (0, LenderRefusal.DISABLED),
        (1 << 56, LenderRefusal.DISABLED),
        (1 << 63, LenderRefusal.DISABLED),
        (LENDING | 1 << 60, LenderRefusal.PAUSED),
    ],
    ids=["inactive", "disabled", "not active", "paused"],
)
def test_aave_reserve_that_must_not_lend_says_why(bitmap: int, refusal: LenderRefusal) -> None:
    lender = only(LenderKind.AAVE_V3, words(5), words(bitmap), words(1_000))

    assert (lender.available, lender.refusal) == (0, refusal)


def test_frozen_aave_reserve_still_lends() -> None:
    lender = only(LenderKind.AAVE_V3, words(5), words(LENDING | 1 << 57), words(9))

    assert lender.available == 9


def test_paused_balancer_v2_says_so() -> None:
    lender = only(LenderKind.BALANCER_V2, words(0), words(1, 0, 0), words(1_000))

    assert (lender.available, lender.refusal) == (0, LenderRefusal.PAUSED)


@pytest.mark.parametrize("fraction", [1, 10**12, 10**14 - 1, 10**14 + 1])
def test_balancer_fee_between_basis_points_cannot_be_priced(fraction: int) -> None:
    lender = only(LenderKind.BALANCER_V2, words(fraction), words(0), words(1_000))

    assert (lender.available, lender.refusal) == (0, LenderRefusal.UNPRICED)


def test_pool_fee_between_basis_points_cannot_be_priced() -> None:
    desk = replace(DESKS[LenderKind.UNISWAP_V3], fee_pips=150)

    (lender,) = decode_lenders([desk], WORKING[LenderKind.UNISWAP_V3])

    assert lender.refusal is LenderRefusal.UNPRICED


@pytest.mark.parametrize("kind", WORKING)
def test_lender_without_money_is_drained(kind: LenderKind) -> None:
    *switches, balance = WORKING[kind]
    empty = words(*[0] * (len(balance) // 32))

    lender = only(kind, *switches, empty)

    assert (lender.available, lender.refusal) == (0, LenderRefusal.DRAINED)


def test_pool_without_liquidity_in_range_is_drained() -> None:
    lender = only(LenderKind.UNISWAP_V3, words(0), words(1_000))

    assert (lender.available, lender.refusal) == (0, LenderRefusal.DRAINED)


@given(reserve=st.integers(min_value=1, max_value=2**112 - 1), is_first=st.booleans())
def test_pair_keeps_one_unit_of_its_own_side(reserve: int, *, is_first: bool) -> None:
    desk = replace(DESKS[LenderKind.UNISWAP_V2], is_first=is_first)
    reserves = words(reserve, 0, 0) if is_first else words(0, reserve, 0)

    (lender,) = decode_lenders([desk], [reserves])

    assert lender.available == reserve - 1


@pytest.mark.parametrize("nothing", [None, b""], ids=["reverted", "empty"])
@pytest.mark.parametrize("kind", WORKING)
def test_call_without_an_answer_leaves_nothing_available(
    kind: LenderKind, nothing: bytes | None
) -> None:
    for index in range(len(WORKING[kind])):
        answers: list[bytes | None] = [*WORKING[kind]]
        answers[index] = nothing

        lender = only(kind, *answers)

        assert (lender.available, lender.refusal) == (0, LenderRefusal.SILENT)


@pytest.mark.parametrize("kind", WORKING)
def test_truncated_answer_refuses_that_lender_alone(kind: LenderKind) -> None:
    *switches, _ = WORKING[kind]
    desks = [DESKS[kind], DESKS[LenderKind.DYDX_SOLO]]

    garbled, working = decode_lenders(desks, [*switches, b"\0", words(1_000)])

    assert (garbled.available, garbled.refusal) == (0, LenderRefusal.GARBLED)
    assert working.available == 1_000


@given(data=st.data(), kind=st.sampled_from(list(WORKING)))
def test_whatever_a_lender_answers_it_lends_what_a_plan_can_say_or_refuses(
    data: st.DataObject, kind: LenderKind
) -> None:
    answers = data.draw(st.tuples(*[ANSWERS] * len(WORKING[kind])))

    lender = only(kind, *answers)

    assert 0 <= lender.available <= UINT112_MAX
    assert (lender.available == 0) == (lender.refusal is not None)
    assert lender.refusal is not None or 0 <= lender.fee_bps < BPS


@pytest.mark.parametrize(
    ("kind", "fee"),
    [
        (LenderKind.AAVE_V3, BPS),
        (LenderKind.AAVE_V3, 2**128 - 1),
        (LenderKind.BALANCER_V2, WEI_PER_ETHER),
    ],
)
def test_lender_that_asks_the_whole_loan_as_its_fee_is_refused(kind: LenderKind, fee: int) -> None:
    _, *rest = WORKING[kind]

    lender = only(kind, words(fee), *rest)

    assert (lender.available, lender.refusal) == (0, LenderRefusal.OVERPRICED)


def test_answers_for_other_desks_are_a_wire_error() -> None:
    with pytest.raises(WireError, match="answers do not match"):
        only(LenderKind.UNISWAP_V4, words(1), words(1))


def test_desk_reads_the_balance_where_the_protocol_keeps_the_money() -> None:
    desks = [DESKS[LenderKind.AAVE_V3], DESKS[LenderKind.BALANCER_V2]]

    holders = [call.data[-20:].hex() for call in desk_calls(desks)][2::3]

    assert holders == [ANNEX[2:], SOURCES[LenderKind.BALANCER_V2].address[2:]]


def asked(kind: LenderKind, selector: bytes, *arguments: int) -> tuple[str, bytes]:
    return SOURCES[kind].address, selector + words(*arguments)


LISTED = {
    asked(LenderKind.AAVE_V3, GET_RESERVE_DATA, int(WETH, 16)): words(
        *[0] * 8, int(ANNEX, 16), *[0] * 6
    ),
    asked(LenderKind.AAVE_V3, GET_RESERVE_DATA, int(USDC, 16)): words(*[0] * 15),
    asked(LenderKind.BALANCER_V2, GET_PROTOCOL_FEES_COLLECTOR): words(int(ANNEX, 16)),
    asked(LenderKind.UNISWAP_V2, TOKEN0): words(int(WETH, 16)),
    asked(LenderKind.UNISWAP_V2, TOKEN1): words(int(ANNEX, 16)),
    asked(LenderKind.UNISWAP_V3, TOKEN0): words(int(ANNEX, 16)),
    asked(LenderKind.UNISWAP_V3, TOKEN1): words(int(WETH, 16)),
    asked(LenderKind.UNISWAP_V3, FEE): words(500),
    asked(LenderKind.UNISWAP_V3, FACTORY): words(int(FACTORY_ADDRESS, 16)),
    asked(LenderKind.BALANCER_V3, GET_RESERVES_OF, int(WETH, 16)): words(0),
    asked(LenderKind.UNISWAP_V4, PROTOCOL_FEES_ACCRUED, int(WETH, 16)): words(0),
    asked(LenderKind.DYDX_SOLO, GET_MARKET_TOKEN_ADDRESS, 0): words(int(ANNEX, 16)),
    asked(LenderKind.DYDX_SOLO, GET_MARKET_TOKEN_ADDRESS, 1): words(int(WETH, 16)),
}
"""What the contracts answer at start."""


async def resolved(sources: list[LenderSource], asset: Address) -> tuple[LendingDesk, ...]:
    node = FakeNode()
    head = node.grow("head")
    node.views = {**LISTED}
    async with node.serving(), open_rpc(node.http_url) as rpc:
        return await resolve_desks(
            Multicall(rpc=rpc, address=Address(MULTICALL3)),
            sources=sources,
            assets=[asset],
            block_hash=head.hash,
        )


async def test_desks_are_resolved_in_order() -> None:
    assert await resolved([SOURCES[kind] for kind in DESKS], WETH) == tuple(DESKS.values())


@pytest.mark.parametrize(
    "kind",
    [LenderKind.AAVE_V3, LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3, LenderKind.DYDX_SOLO],
)
async def test_asset_that_is_not_lent_is_refused_for_good(kind: LenderKind) -> None:
    desks = await resolved([SOURCES[kind]], USDC)

    (lender,) = decode_lenders(desks, [])
    assert desk_calls(desks) == []
    assert (lender.available, lender.refusal) == (0, LenderRefusal.UNLISTED)


async def test_pool_of_a_factory_that_the_executor_does_not_know_is_refused_for_good() -> None:
    source = replace(SOURCES[LenderKind.UNISWAP_V3], factories=())

    (desk,) = await resolved([source], WETH)

    assert desk.refusal is LenderRefusal.UNKNOWN_FACTORY


async def test_first_pool_of_a_cycle_lends_without_being_asked() -> None:
    (lender,) = decode_lenders(await resolved([FIRST_POOL], WETH), [])

    assert (lender.kind, lender.source) == (LenderKind.NONE, NoSource())
    assert (lender.fee_bps, lender.refusal, lender.available > 0) == (0, None, True)


@pytest.mark.parametrize("kind", [LenderKind.AAVE_V3, LenderKind.UNISWAP_V3])
async def test_answer_at_the_start_that_is_none_refuses_that_lender_for_good(
    kind: LenderKind,
) -> None:
    node = FakeNode()
    head = node.grow("head")
    node.views = dict.fromkeys(LISTED, b"\xff")
    async with node.serving(), open_rpc(node.http_url) as rpc:
        (desk,) = await resolve_desks(
            Multicall(rpc=rpc, address=Address(MULTICALL3)),
            sources=[SOURCES[kind]],
            assets=[WETH],
            block_hash=head.hash,
        )

    assert desk.refusal is LenderRefusal.GARBLED


async def test_market_that_does_not_answer_moves_no_other_ones_number() -> None:
    node = FakeNode()
    head = node.grow("head")
    node.views = {
        asked(LenderKind.DYDX_SOLO, GET_MARKET_TOKEN_ADDRESS, market): words(int(token, 16))
        for market, token in ((0, ANNEX), (2, WETH))
    }
    async with node.serving(), open_rpc(node.http_url) as rpc:
        (desk,) = await resolve_desks(
            Multicall(rpc=rpc, address=Address(MULTICALL3)),
            sources=[SOURCES[LenderKind.DYDX_SOLO]],
            assets=[WETH],
            block_hash=head.hash,
        )

    assert desk.plan_source == SoloMarginSource(market=2)


async def test_address_without_a_lender_is_refused_for_good() -> None:
    node = FakeNode()
    head = node.grow("head")
    async with node.serving(), open_rpc(node.http_url) as rpc:
        desks = await resolve_desks(
            Multicall(rpc=rpc, address=Address(MULTICALL3)),
            sources=list(SOURCES.values()),
            assets=[WETH],
            block_hash=head.hash,
        )

    lenders = decode_lenders(desks, [])
    assert {lender.refusal for lender in lenders} == {LenderRefusal.MISSING}
    assert len(lenders) == len(SOURCES)
