"""Lenders from the protocols' answers: what switches and fees make of the balance."""

import pytest
from eth_abi.abi import encode

from graphs.units import Address
from searcher.adapters.lenders import (
    GET_PROTOCOL_FEES_COLLECTOR,
    GET_RESERVE_DATA,
    LenderSource,
    LendingDesk,
    decode_lenders,
    desk_calls,
    resolve_desks,
)
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import open_rpc
from searcher.errors import WireError
from searcher.model import Lender, LenderKind
from tests.searcher.adapters.fake_node import MULTICALL3, FakeNode

AAVE = LenderSource(kind=LenderKind.AAVE_V3, address=Address("0x" + "aa" * 20))
BALANCER = LenderSource(kind=LenderKind.BALANCER_V2, address=Address("0x" + "ba" * 20))
WETH = Address("0x" + "e0" * 20)
ANNEX = Address("0x" + "a7" * 20)
AAVE_DESK = LendingDesk(source=AAVE, asset=WETH, annex=ANNEX)
BALANCER_DESK = LendingDesk(source=BALANCER, asset=WETH, annex=ANNEX)
LENDING = 1 << 56 | 1 << 63


def words(*values: int) -> bytes:
    return b"".join(encode(["uint256"], [value]) for value in values)


def only(desk: LendingDesk, *answers: bytes | None) -> Lender:
    (lender,) = decode_lenders([desk], answers)
    return lender


def test_aave_lends_its_tokens_balance_at_the_total_premium() -> None:
    lender = only(AAVE_DESK, words(5), words(LENDING), words(1_000))

    assert (lender.available, lender.fee_bps) == (1_000, 5)


@pytest.mark.parametrize(
    "bitmap",
    [0, 1 << 56, 1 << 63, LENDING | 1 << 60],
    ids=["inactive", "disabled", "not active", "paused"],
)
def test_aave_reserve_that_must_not_lend_has_nothing_available(bitmap: int) -> None:
    assert only(AAVE_DESK, words(5), words(bitmap), words(1_000)).available == 0


def test_frozen_aave_reserve_still_lends() -> None:
    assert only(AAVE_DESK, words(5), words(LENDING | 1 << 57), words(9)).available == 9


def test_balancer_lends_its_balance_of_the_asset() -> None:
    lender = only(BALANCER_DESK, words(3 * 10**14), words(0, 1, 2), words(1_000))

    assert (lender.available, lender.fee_bps) == (1_000, 3)


def test_paused_balancer_has_nothing_available() -> None:
    assert only(BALANCER_DESK, words(0), words(1, 0, 0), words(1_000)).available == 0


@pytest.mark.parametrize("fraction", [1, 10**14 - 1, 10**14 + 1])
def test_balancer_fee_between_basis_points_has_nothing_available(fraction: int) -> None:
    assert only(BALANCER_DESK, words(fraction), words(0), words(1_000)).available == 0


@pytest.mark.parametrize("reverted", [0, 1, 2])
@pytest.mark.parametrize("desk", [AAVE_DESK, BALANCER_DESK], ids=["aave", "balancer"])
def test_reverted_call_leaves_nothing_available(desk: LendingDesk, reverted: int) -> None:
    answers: list[bytes | None] = [words(0), words(LENDING if desk is AAVE_DESK else 0), words(7)]
    answers[reverted] = None

    assert only(desk, *answers).available == 0


def test_truncated_answer_is_a_wire_error() -> None:
    with pytest.raises(WireError, match="balanceOf"):
        only(AAVE_DESK, words(5), words(LENDING), b"")


def test_desk_reads_the_balance_where_the_protocol_keeps_the_money() -> None:
    holders = [call.data[-20:].hex() for call in desk_calls([AAVE_DESK, BALANCER_DESK])][2::3]

    assert holders == [ANNEX[2:], BALANCER.address[2:]]


async def test_desks_are_resolved_and_unlisted_assets_left_out() -> None:
    node = FakeNode()
    head = node.grow("head")
    listed, unlisted = (words(*[0] * 8, value, *[0] * 6) for value in (int(ANNEX, 16), 0))
    usdc = Address("0x" + "dc" * 20)
    node.views = {
        (AAVE.address, GET_RESERVE_DATA + words(int(WETH, 16))): listed,
        (AAVE.address, GET_RESERVE_DATA + words(int(usdc, 16))): unlisted,
        (BALANCER.address, GET_PROTOCOL_FEES_COLLECTOR): words(int(ANNEX, 16)),
    }
    async with node.serving(), open_rpc(node.http_url) as rpc:
        multicall = Multicall(rpc=rpc, address=Address(MULTICALL3))
        desks = await resolve_desks(
            multicall, sources=[AAVE, BALANCER], assets=[WETH, usdc], block_hash=head.hash
        )

    on_usdc = LendingDesk(source=BALANCER, asset=usdc, annex=ANNEX)
    assert desks == (AAVE_DESK, BALANCER_DESK, on_usdc)


async def test_address_without_a_lender_is_named() -> None:
    node = FakeNode()
    head = node.grow("head")
    async with node.serving(), open_rpc(node.http_url) as rpc:
        multicall = Multicall(rpc=rpc, address=Address(MULTICALL3))
        with pytest.raises(WireError, match=f"lender {AAVE.address}: no aave_v3"):
            await resolve_desks(multicall, sources=[AAVE], assets=[WETH], block_hash=head.hash)
