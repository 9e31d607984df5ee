"""Builders of model records with every field filled in, so that a test names only what it is about.

`START` is a market with a gap: WETH is dearer in one pool than in the other.
"""

from dataclasses import replace
from functools import cache

from coincurve import PrivateKey

from graphs.cycles import Cycle, Hop
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import get_sqrt_ratio_at_tick
from graphs.token_graph import TokenGraph
from graphs.units import WEI_PER_ETHER, Address, PoolId
from searcher.dynamic_fee import sign_dynamic_fee
from searcher.flash_lenders import Lender, LenderKind
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import (
    Account,
    AdmittedBundle,
    Bid,
    Block,
    Bundle,
    CutSearch,
    Inclusion,
    Opportunity,
    Outcome,
    Receipt,
    Rejection,
    Simulation,
    Submission,
)
from searcher.pending import PendingTransaction
from searcher.plans import AaveV3Source, BalancerV2Source
from searcher.ports import UnsignedTransaction
from searcher.scan import Terms
from searcher.settings.bot import (
    BiddingSettings,
    SearchSettings,
)
from searcher.tracker import Snapshot, Tracker
from searcher.transactions import Transaction

WETH = Address("0x" + "aa" * 20)
DAI = Address("0x" + "bb" * 20)
OWNER = Address("0x" + "01" * 20)
EXECUTOR = Address("0x" + "ee" * 20)
CHEAP, DEAR, RANGE = (PoolId("0x" + digit * 40) for digit in "123")
GWEI = 10**9
SECOND_NS = 10**9
LIQUIDITY = 10**21
KEY = PrivateKey(b"\x11" * 32)


def constant_product(
    pool_id: PoolId, reserve0: int, reserve1: int, *, fee_pips: int = 3_000
) -> ConstantProductPool:
    """A pool of WETH and DAI."""
    return ConstantProductPool(
        id=pool_id,
        venue="uniswap-v2",
        token0=WETH,
        token1=DAI,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=fee_pips,
    )


def concentrated(pool_id: PoolId = RANGE) -> ConcentratedPool:
    """One position around a price of one."""
    return ConcentratedPool(
        id=pool_id,
        venue="uniswap-v3",
        token0=WETH,
        token1=DAI,
        fee_pips=3_000,
        tick_spacing=60,
        sqrt_price_x96=get_sqrt_ratio_at_tick(0),
        tick=0,
        liquidity=LIQUIDITY,
        ticks=(-600, 600),
        liquidity_nets=(LIQUIDITY, -LIQUIDITY),
        liquidity_grosses=(LIQUIDITY, LIQUIDITY),
    )


GAP = (
    constant_product(CHEAP, 1_000 * WEI_PER_ETHER, 2_000_000 * WEI_PER_ETHER),
    constant_product(DEAR, 1_000 * WEI_PER_ETHER, 2_200_000 * WEI_PER_ETHER),
)


def market(*pools: Pool, block_hash: str = "0xstart", block_number: int = 100) -> Market:
    """These pools, unnamed tokens."""
    return Market(
        block_number=block_number,
        block_hash=block_hash,
        tokens={},
        pools={pool.id: pool for pool in pools},
    )


START = market(*GAP)


def tracker(start: Market = START) -> Tracker:
    """A tracker that has seen one market and no block."""
    return Tracker(start, TokenGraph.from_market(start))


AAVE = Lender(
    kind=LenderKind.AAVE_V3,
    address=Address("0x" + "a0" * 20),
    asset=WETH,
    source=AaveV3Source(),
    available=10_000 * WEI_PER_ETHER,
    fee_bps=5,
)
BALANCER = Lender(
    kind=LenderKind.BALANCER_V2,
    address=Address("0x" + "b0" * 20),
    asset=WETH,
    source=BalancerV2Source(),
    available=5_000 * WEI_PER_ETHER,
    fee_bps=0,
)
ACCOUNT = Account(address=OWNER, nonce=7, balance_wei=WEI_PER_ETHER)
BLOCK = Block(
    number=101,
    hash="0x101",
    parent_hash="0xstart",
    timestamp_s=1_700_000_000,
    gas_used_gas=15_000_000,
    gas_limit_gas=30_000_000,
    base_fee_wei=GWEI,
    updates=(),
    lenders=(AAVE, BALANCER),
    account=ACCOUNT,
    receipts=(),
    received_ns=0,
)


def block(number: int, *, branch: str = "", parent: str | None = None) -> Block:
    """A block named by its height and branch, on the same branch unless told."""
    parent_hash = f"0x{number - 1}{branch}" if parent is None else parent
    return replace(BLOCK, number=number, hash=f"0x{number}{branch}", parent_hash=parent_hash)


def snapshot(of: Market = START, head: Block = BLOCK) -> Snapshot:
    """A market as the tracker would hand it over at this head."""
    at_head = replace(of, block_number=head.number, block_hash=head.hash)
    return Snapshot(block=head, market=at_head, graph=TokenGraph.from_market(at_head))


CYCLE = Cycle(
    hops=(
        Hop(pool_id=DEAR, token_in=WETH, token_out=DAI),
        Hop(pool_id=CHEAP, token_in=DAI, token_out=WETH),
    )
)
OPPORTUNITY = Opportunity(
    block_number=BLOCK.number,
    block_hash=BLOCK.hash,
    cycle=CYCLE,
    amounts=(10 * WEI_PER_ETHER, 21_000 * WEI_PER_ETHER, 11 * WEI_PER_ETHER),
    lender=BALANCER,
    flash_fee_wei=0,
    gross_profit_wei=WEI_PER_ETHER,
    gas_limit_gas=500_000,
)
BID = Bid(
    opportunity=OPPORTUNITY,
    target_block=102,
    tip_share_bps=8_000,
    tip_wei=8 * WEI_PER_ETHER // 10,
    min_profit_wei=WEI_PER_ETHER // 100,
    gas_limit_gas=500_000,
    max_fee_per_gas_wei=GWEI,
    net_profit_wei=WEI_PER_ETHER // 10,
    expected_profit_wei=WEI_PER_ETHER // 11,
)
PENDING = PendingTransaction(
    transaction=Transaction(
        raw=b"\x02theirs",
        hash=transaction_hash(b"\x02theirs"),
        sender=Address("0x" + "0b" * 20),
        type=2,
        chain_id=1,
        nonce=3,
        to=Address("0x" + "0c" * 20),
        value_wei=0,
        gas_limit_gas=200_000,
        max_fee_per_gas_wei=2 * GWEI,
        max_priority_fee_per_gas_wei=GWEI,
        data=b"",
        access_list=(),
    ),
    source="fake",
    first_seen_ns=1,
)
BIDDING = BiddingSettings(target_blocks=1, max_sequels=0)
SEARCH = SearchSettings()
TERMS = Terms(weth=WETH, search=SEARCH, bidding=BIDDING)


@cache
def _signed(number: int) -> bytes:
    """A transaction told apart by the number that it calls the executor with."""
    unsigned = UnsignedTransaction(
        nonce=ACCOUNT.nonce,
        to=EXECUTOR,
        data=number.to_bytes(4),
        gas_limit_gas=500_000,
        max_fee_per_gas_wei=GWEI,
        max_priority_fee_per_gas_wei=0,
    )
    return sign_dynamic_fee(unsigned, chain_id=1, key=KEY)


def bundle(number: int = 1, *, bid: Bid = BID, nonce: int = ACCOUNT.nonce) -> Bundle:
    """A bundle of one transaction whose bytes are told apart by a number."""
    raw = _signed(number)
    hashes = (transaction_hash(raw),)
    return Bundle(
        id=f"00000000-0000-4000-8000-{number:012}",
        uuid=f"00000000-0000-4000-9000-{number:012}",
        bid=bid,
        txs=(raw,),
        tx_hashes=hashes,
        bundle_hash=bundle_hash(hashes),
        nonce=nonce,
    )


def simulated(what: Bundle) -> Simulation:
    """The answer of a simulator that agrees with the bid."""
    return Simulation(
        simulator="fake",
        has_run=True,
        bundle_hash=what.bundle_hash,
        state_block=what.bid.opportunity.block_number,
        gas_used_gas=400_000,
        coinbase_diff_wei=what.bid.tip_wei,
        gross_profit_wei=what.gross_profit_wei,
        revert_reason=None,
    )


def admitted(what: Bundle) -> AdmittedBundle:
    """A bundle that a simulator agreed with."""
    return AdmittedBundle(bundle=what, simulation=simulated(what))


def submission(what: Bundle) -> Submission:
    """An acknowledgement."""
    return Submission(
        bundle_id=what.id, relay="fake", accepted=True, answer=what.bundle_hash, sent_ns=1
    )


def receipt(what: Bundle, *, succeeded: bool = True) -> Receipt:
    """The bundle's transaction in a block."""
    return Receipt(
        tx_hash=what.tx_hashes[0],
        succeeded=succeeded,
        gas_used_gas=300_000,
        effective_gas_price_wei=GWEI,
        gross_profit_wei=WEI_PER_ETHER if succeeded else 0,
        tip_wei=8 * WEI_PER_ETHER // 10 if succeeded else 0,
    )


REJECTION = Rejection(
    block_number=BLOCK.number, cycle=CYCLE, stage="bid", reason="net profit below minimum"
)
CUT_SEARCH = CutSearch(
    block_number=BLOCK.number,
    base=WETH,
    lender=LenderKind.BALANCER_V2,
    nominated=1_000,
    left_out=12_345,
    bound_wei=WEI_PER_ETHER,
)
INCLUSION = Inclusion(
    bundle_id=bundle().id,
    block_number=102,
    outcome=Outcome.LANDED,
    reason="",
    gross_profit_wei=WEI_PER_ETHER,
    tip_wei=8 * WEI_PER_ETHER // 10,
    gas_used_gas=300_000,
    gas_cost_wei=300_000 * GWEI,
)
