"""Remembers which tokens were tried, and tries what it does not know or has not tried for long.

A token is tried when something is about to be bid on that trades it, and no sooner: of the tokens
of all pools few are ever worth it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from graphs.units import Address
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.token_probe import TokenTrial
from searcher.errors import RpcError, WireError
from searcher.model import Block
from searcher.token_admission import TAXING, Admission, TokenReason

MAX_CANDIDATES: Final = 500
"""Pools whose balances are compared: one request to Multicall3."""

Holders = Callable[[Address], Sequence[Address]]
"""The contracts that may hold a token for a pool."""


def keepers_of(known: KnownPools) -> Holders:
    """The contracts that keep the tokens of the known pools, in order of discovery."""

    def holders(token: Address) -> Sequence[Address]:
        keepers = dict.fromkeys(pool.keeper for pool in known.created if token in pool.tokens)
        return list(keepers)[:MAX_CANDIDATES]

    return holders


class TokenGate:
    """What the pipeline asks before it bids."""

    def __init__(self, trial: TokenTrial, holders: Holders) -> None:
        self._trial = trial
        self._holders = holders
        self._admissions: dict[Address, Admission] = {}
        self._trials = 0
        self._changes = 0

    @property
    def taxed(self) -> frozenset[Address]:
        """Tokens that move by another amount than they are told to."""
        return frozenset(
            token for token, admission in self._admissions.items() if admission.refusal in TAXING
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """Trials and changes of code since the start; tokens admitted, and refused by reason."""
        reasons = Counter(str(each.refusal or "admitted") for each in self._admissions.values())
        return {"trials": self._trials, "changes": self._changes, **reasons}

    async def refusal(self, tokens: Collection[Address], block: Block) -> str | None:
        """Why one of the tokens may not be traded after the block; None when all may.

        A token that could not be tried is refused this time, and tried again the next.
        """
        wanted = sorted(set(tokens))
        if not self._trial.settings.has_trial:
            return None
        async with asyncio.TaskGroup() as group:
            tasks = {token: group.create_task(self._refusal(token, block)) for token in wanted}
        reasons = ((token, task.result()) for token, task in tasks.items())
        return next((f"{token}: {reason}" for token, reason in reasons if reason), None)

    async def _refusal(self, token: Address, block: Block) -> TokenReason | None:
        known = self._admissions.get(token)
        if known is not None and not known.is_due(block.number, self._trial.settings.retry_blocks):
            return known.refusal
        self._trials += 1
        try:
            tried = await self._trial.run(token, self._holders(token), block)
        except (RpcError, WireError):
            return TokenReason.UNPROVEN
        admission = self._compared(tried, known)
        self._admissions[token] = admission
        return admission.refusal

    def _compared(self, tried: Admission, known: Admission | None) -> Admission:
        """The trial, unless the token is not what it was: once changed, refused for good."""
        if known is None or known.identity in {None, tried.identity}:
            return tried
        if known.refusal is not TokenReason.CHANGED:
            self._changes += 1
        return replace(tried, identity=known.identity, refusal=TokenReason.CHANGED)
