"""What the bot says while it runs: one structured line per event, constant names, no secrets.

The ledger is the record; these lines are for whoever watches the terminal or collects logs. Raw
transactions, calldata and signatures never appear.
"""

import sys
from collections.abc import Iterable, Mapping

import structlog

from graphs.cycles import Cycle
from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.discovery import Progress
from searcher.backrunning import Overheard
from searcher.exchange_signals import ExchangeSignal
from searcher.flash_lenders import Lender
from searcher.live import Notice, Started
from searcher.model import (
    Bid,
    Bundle,
    Cancellation,
    CutSearch,
    Inclusion,
    LedgerRecord,
    Rejection,
    Simulation,
    Submission,
)
from searcher.pipeline import Dealt, Searched


class EventLog:
    """Writes the pipeline's events to standard error: coloured for people, JSON for machines."""

    def __init__(self) -> None:
        interactive = sys.stderr.isatty()
        renderer = (
            structlog.dev.ConsoleRenderer() if interactive else structlog.processors.JSONRenderer()
        )
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                renderer,
            ],
        )
        self._tokens: Mapping[Address, Token] = {}

    def watch(self, event: Notice) -> None:
        """Say what happened."""
        match event:
            case Started():
                self._tokens = event.market.tokens
                self._log.msg(
                    "started",
                    block=event.market.block_number,
                    pools=len(event.market.pools),
                    tokens=len(event.market.tokens),
                    refused=len(event.refused),
                )
            case Searched():
                self._log.msg(
                    "searched",
                    block=event.block.number,
                    nominated=event.nominated,
                    truncated=event.truncated,
                    lenders_skipped=skipped(event.block.lenders),
                )
            case Progress():
                self._log.msg("discovering", of=event.stage, done=event.done, total=event.total)
            case Dealt() | Overheard():
                pass
            case _:
                self._say_record(event)

    def _say_record(self, record: LedgerRecord) -> None:
        match record:
            case Bid():
                self._log.msg(
                    "bid",
                    target_block=record.target_block,
                    cycle=describe(record.opportunity.cycle, self._tokens),
                    lender=record.opportunity.lender.kind.value,
                    passed_over=[
                        f"{one.lender.kind.value}: {one.reason}"
                        + (f" by {one.by}" if one.by else "")
                        for one in record.opportunity.passed_over
                    ],
                    gross_profit_wei=record.opportunity.gross_profit_wei,
                    net_profit_wei=record.net_profit_wei,
                )
            case Rejection():
                self._log.msg(
                    "rejected", block=record.block_number, stage=record.stage, reason=record.reason
                )
            case ExchangeSignal():
                self._log.msg(
                    "signal",
                    block=record.block_number,
                    kind=record.kind.value,
                    asset=name(record.asset, self._tokens),
                    sell=record.sell_venue,
                    buy=record.buy_venue,
                    expected_profit=record.expected_profit,
                )
            case CutSearch():
                self._log.msg(
                    "search cut",
                    block=record.block_number,
                    base=name(record.base, self._tokens),
                    lender=record.lender.value,
                    nominated=record.nominated,
                    left_out=record.left_out,
                    bound_wei=record.bound_wei,
                )
            case _:
                self._say_bundle(record)

    def _say_bundle(
        self, record: Bundle | Simulation | Submission | Cancellation | Inclusion
    ) -> None:
        match record:
            case Bundle():
                self._log.msg(
                    "sending",
                    bundle=record.bundle_hash,
                    target_block=record.bid.target_block,
                    transactions=len(record.txs),
                    behind=None if record.target is None else record.target.transaction.hash,
                )
            case Simulation():
                self._log.msg(
                    "simulated",
                    bundle=record.bundle_hash,
                    gross_profit_wei=record.gross_profit_wei,
                    reverted=record.revert_reason,
                )
            case Submission():
                self._log.msg(
                    "submitted",
                    relay=record.relay,
                    accepted=record.accepted,
                    answer=record.answer,
                )
            case Cancellation():
                self._log.msg(
                    "withdrawn",
                    relay=record.relay,
                    accepted=record.accepted,
                    reason=record.reason,
                )
            case Inclusion():
                self._log.msg(
                    record.outcome.value,
                    block=record.block_number,
                    reason=record.reason,
                    gross_profit_wei=record.gross_profit_wei,
                    gas_used_gas=record.gas_used_gas,
                )


def skipped(lenders: Iterable[Lender]) -> list[str]:
    """The lenders that refuse after a block, each with its reason."""
    return [
        f"{lender.kind.value}: {lender.refusal.value}"
        for lender in lenders
        if lender.refusal is not None
    ]


def describe(cycle: Cycle, tokens: Mapping[Address, Token]) -> str:
    """The tokens of a cycle as people name them: `WETH -> USDC -> DAI -> WETH`."""
    path = [cycle.base, *(hop.token_out for hop in cycle.hops)]
    return " -> ".join(name(token, tokens) for token in path)


def name(address: Address, tokens: Mapping[Address, Token]) -> str:
    """A token's symbol made printable and short, or a shortened address where it has none."""
    token = tokens.get(address)
    symbol = "".join(c for c in token.symbol if c.isprintable()) if token else ""
    return symbol[:12] or f"{address[:6]}…{address[-4:]}"
