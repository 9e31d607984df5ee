"""Compares a mined block with its plan, to the wei.

The promise of the local relay is that what it simulates is what is mined. A difference means that
the simulation is wrong or that somebody else mines on the node: nothing after it can be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address
from searcher.adapters.decoding import Header, array, decode_header, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.transactions import Transaction
from sims.errors import BuilderError
from sims.relay.auction import IncludedBundle
from sims.relay.simulation import BlockContext

WITH_TRANSACTIONS: Final = False
"""Hashes are enough."""

PRESTATE_DIFFERENCE: Final = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
"""Makes the node tell the balances that a transaction changed, before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """What the next block is to contain."""

    context: BlockContext
    """Its number, timestamp, base fee and coinbase."""

    bundles: tuple[IncludedBundle, ...]
    """At the top, in order."""

    payouts: tuple[Transaction, ...]
    """The builder's own, after the bundles."""

    public_txs: tuple[Transaction, ...]
    """After the payouts, in order."""

    def bundle_txs(self) -> tuple[Transaction, ...]:
        """Return the transactions of the bundles, in order."""
        return tuple(tx for included in self.bundles for tx in included.txs())

    def private_txs(self) -> tuple[Transaction, ...]:
        """Return what nobody has seen before: the bundles, then the payouts."""
        return (*self.bundle_txs(), *self.payouts)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedBlock:
    """A block that was found to be as planned."""

    header: Header
    """As the node tells it."""

    tx_hashes: tuple[str, ...]
    """Everything in it: the plan, then what the public sent while it was being carried out."""


async def verify_block(rpc: Rpc, plan: BlockPlan) -> MinedBlock:
    """Return the newest block, if it is the planned one.

    Transactions that arrive at the node while the block is being made may follow the planned
    bundles; none may come before or between them.

    Raises:
        BuilderError: it differs from the plan.
    """
    answer = await rpc.call("eth_getBlockByNumber", "latest", WITH_TRANSACTIONS)
    header = decode_header(answer)
    tx_hashes = tuple(str(tx_hash) for tx_hash in array(member(answer, "transactions"), "txs"))
    _verify_header(header, plan.context)
    _verify_order(tx_hashes, plan)
    await _verify_gas(rpc, plan)
    await _verify_payments(rpc, plan)
    return MinedBlock(header=header, tx_hashes=tx_hashes)


def _verify_header(header: Header, context: BlockContext) -> None:
    planned = (context.number, context.timestamp_s, context.base_fee_wei)
    mined = (header.number, header.timestamp_s, header.base_fee_wei)
    if mined != planned:
        reason = f"number, timestamp and base fee are {mined}, planned were {planned}"
        raise BuilderError(context.number, reason)


def _verify_order(tx_hashes: Sequence[str], plan: BlockPlan) -> None:
    bundled = [tx.hash for tx in plan.private_txs()]
    public = [tx.hash for tx in plan.public_txs]
    rest = list(tx_hashes[len(bundled) :])
    if list(tx_hashes[: len(bundled)]) != bundled:
        raise BuilderError(
            plan.context.number, "the bundles are not at its top, whole and in order"
        )
    planned = set(public)
    if [tx_hash for tx_hash in rest if tx_hash in planned] != public:
        raise BuilderError(plan.context.number, "public transactions are missing or out of order")


async def _verify_gas(rpc: Rpc, plan: BlockPlan) -> None:
    receipts = array(await rpc.call("eth_getBlockReceipts", hex(plan.context.number)), "receipts")
    for included in plan.bundles:
        own, receipts = receipts[: len(included.outcomes)], receipts[len(included.outcomes) :]
        mined = sum(quantity(member(receipt, "gasUsed"), "gasUsed") for receipt in own)
        _expect_equal(plan, included, what="gas", pair=(included.gas_used_gas(), mined))


async def _verify_payments(rpc: Rpc, plan: BlockPlan) -> None:
    traces = await rpc.batch(
        [("debug_traceTransaction", [tx.hash, PRESTATE_DIFFERENCE]) for tx in plan.bundle_txs()]
    )
    for included in plan.bundles:
        own, traces = traces[: len(included.outcomes)], traces[len(included.outcomes) :]
        mined = sum(_coinbase_diff_wei(trace, plan.context.coinbase) for trace in own)
        simulated = included.coinbase_diff_wei()
        _expect_equal(plan, included, what="coinbase difference", pair=(simulated, mined))


def _expect_equal(
    plan: BlockPlan, included: IncludedBundle, *, what: str, pair: tuple[int, int]
) -> None:
    simulated, mined = pair
    if simulated != mined:
        reason = f"bundle {included.bundle.hash()}: {what} simulated {simulated}, mined {mined}"
        raise BuilderError(plan.context.number, reason)


def _coinbase_diff_wei(trace: object, coinbase: Address) -> int:
    """An account or a balance that the tracer leaves out has not changed."""
    before = _account(member(trace, "pre"), coinbase)
    after = _account(member(trace, "post"), coinbase)
    if "balance" not in after:
        return 0
    return quantity(after["balance"], "balance") - quantity(before.get("balance", "0x0"), "balance")


def _account(accounts: object, address: Address) -> dict[str, object]:
    account = accounts.get(address) if isinstance(accounts, dict) else None
    return account if isinstance(account, dict) else {}
