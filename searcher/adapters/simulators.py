"""Simulation with `eth_callBundle`, whose answers come in two dialects: geth's and reth's.

Geth writes amounts as decimal strings and counts as JSON integers, reth writes counts as hex
quantities; both are read. A failing transaction has `error` or `revert`, or no `value`.
"""

from dataclasses import replace
from typing import Final

from typing_extensions import override

from graphs.fixed_point import UINT256_MAX
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.request_budget import RequestBudget
from searcher.calldata import decode_result
from searcher.errors import SearcherError, WireError
from searcher.model import Bundle, Simulation
from searcher.ports import Simulator
from searcher.relay_answers import shown
from searcher.relay_profiles import CALL
from searcher.reverts import decode_revert

COUNT_MAX: Final = 2**63 - 1
"""The most gas or blocks that an answer can speak of: what Ethereum and the ledger can hold."""


class CallBundleSimulator(Simulator):
    """A relay or a node that answers `eth_callBundle`."""

    def __init__(self, endpoint: FlashbotsEndpoint, budget: RequestBudget | None = None) -> None:
        """Take the endpoint, and how often a minute it may be asked; None for a node of ours."""
        self._endpoint = endpoint
        self._budget = budget

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """Run the bundle at the top of its target block. Every trouble is a revert reason."""
        if self._budget is not None and not self._budget.take(CALL):
            reason = f"rate_limited: not sent: {CALL} is at its limit for this minute"
            return not_run(bundle, self._endpoint.name, reason)
        state_block = bundle.bid.opportunity.block_number
        answer = await self._endpoint.call(
            CALL,
            {
                "txs": ["0x" + raw.hex() for raw in bundle.txs],
                "blockNumber": hex(bundle.bid.target_block),
                "stateBlockNumber": hex(state_block),
            },
        )
        if answer.refusal is not None:
            return not_run(bundle, self._endpoint.name, str(answer.refusal))
        try:
            return self._read(bundle, answer.result)
        except SearcherError as error:
            return not_run(bundle, self._endpoint.name, str(error))

    def _read(self, bundle: Bundle, result: object) -> Simulation:
        answer = _object(result, "result")
        entries = answer.get("results")
        if not isinstance(entries, list) or len(entries) != len(bundle.txs):
            raise WireError("results", "not one entry for each transaction")
        for entry in entries:
            reason = _failure(_object(entry, "results[]"))
            if reason is not None:
                return reverted(bundle, self._endpoint.name, reason)
        ours = entries[-len(bundle.bids) :]
        return Simulation(
            simulator=self._endpoint.name,
            has_run=True,
            bundle_hash=_text(answer.get("bundleHash"), "bundleHash"),
            state_block=_quantity(answer.get("stateBlockNumber"), "stateBlockNumber"),
            gas_used_gas=_quantity(answer.get("totalGasUsed"), "totalGasUsed"),
            coinbase_diff_wei=_quantity(
                answer.get("coinbaseDiff"), "coinbaseDiff", most=UINT256_MAX
            ),
            gross_profit_wei=sum(_gross_profit_wei(entry) for entry in ours),
            revert_reason=None,
        )


def not_run(bundle: Bundle, simulator: str, reason: str) -> Simulation:
    """Make the answer of a simulator that did not execute the bundle."""
    return replace(reverted(bundle, simulator, reason), has_run=False)


def reverted(bundle: Bundle, simulator: str, reason: str) -> Simulation:
    """Make the answer of a simulator in which a transaction failed."""
    return Simulation(
        simulator=simulator,
        has_run=True,
        bundle_hash=bundle.bundle_hash,
        state_block=bundle.bid.opportunity.block_number,
        gas_used_gas=0,
        coinbase_diff_wei=0,
        gross_profit_wei=0,
        revert_reason=reason,
    )


def _gross_profit_wei(entry: object) -> int:
    returned = _bytes(_object(entry, "results[]").get("value"), "value")
    return decode_result(returned).gross_profit_wei


def _failure(entry: dict[str, object]) -> str | None:
    if "error" not in entry and "revert" not in entry and "value" in entry:
        return None
    revert = entry.get("revert")
    if isinstance(revert, str) and revert.startswith("0x"):
        return decode_revert(_bytes(revert, "revert"))
    return shown(entry.get("error", "reverted without a reason"))


def _object(value: object, field: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WireError(field, "not an object")
    return value


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise WireError(field, "not a string")
    return value.lower()


def _bytes(value: object, field: str) -> bytes:
    try:
        return bytes.fromhex(_text(value, field).removeprefix("0x"))
    except ValueError:
        raise WireError(field, "not hex") from None


def _quantity(value: object, field: str, *, most: int = COUNT_MAX) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        quantity = value
    else:
        try:
            quantity = int(_text(value, field), 0)
        except ValueError:
            raise WireError(field, "not a quantity") from None
    if not 0 <= quantity <= most:
        raise WireError(field, "out of range")
    return quantity
