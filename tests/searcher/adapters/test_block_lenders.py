"""The lenders of a block: asked in its batch, and apart where one of them spoils that."""

from dataclasses import replace

from eth_abi.abi import encode

from graphs.units import Address
from searcher.adapters.lenders import FIRST_POOL, desk_calls
from searcher.adapters.lending_desk import LenderSource, LendingDesk
from searcher.adapters.lending_vaults import FLASHLOAN_PREMIUM_TOTAL, GET_CONFIGURATION
from searcher.flash_lenders import LenderKind, LenderRefusal
from searcher.plans import AaveV3Source, NoSource
from tests.searcher.adapters.fake_node import FakeNode
from tests.searcher.adapters.test_block_reader import STRANGER, read

WETH = Address("0x" + "e0" * 20)
DESK = LendingDesk(
    source=LenderSource(kind=LenderKind.AAVE_V3, address=Address("0x" + "aa" * 20)),
    asset=WETH,
    plan_source=AaveV3Source(),
    annex=Address("0x" + "a7" * 20),
)


def lending() -> dict[tuple[str, bytes], bytes]:
    """What the desk's contracts answer while it lends a thousand."""
    values = {FLASHLOAN_PREMIUM_TOTAL: 5, GET_CONFIGURATION: 1 << 56 | 1 << 63}
    return {
        (call.to, call.data): encode(["uint256"], [values.get(call.data[:4], 1_000)])
        for call in desk_calls([DESK])
    }


async def test_lenders_are_read_at_the_block() -> None:
    node = FakeNode()
    block = node.grow("0")
    node.views = lending()

    (lender,) = (await read(node, block, DESK)).lenders

    assert (lender.asset, lender.available, lender.fee_bps) == (WETH, 1_000, 5)


async def test_lender_that_burns_all_the_gas_leaves_the_block_and_the_others_readable() -> None:
    node = FakeNode()
    block = node.grow("0")
    node.views = lending()
    burner = replace(DESK, source=replace(DESK.source, address=Address(STRANGER)))
    node.burners = {STRANGER}

    burnt, lender = (await read(node, block, burner, DESK)).lenders

    assert burnt.refusal is LenderRefusal.SILENT
    assert (lender.available, lender.fee_bps) == (1_000, 5)


async def test_lenders_that_need_not_be_asked_are_read_without_a_multicall() -> None:
    node = FakeNode()
    block = node.grow("0")
    desk = LendingDesk(source=FIRST_POOL, asset=WETH, plan_source=NoSource())

    (lender,) = (await read(node, block, desk)).lenders

    assert (lender.kind, lender.refusal) == (LenderKind.NONE, None)
