"""Whether the block that was emitted last may be traded on, from what every node says.

A pure judgement: nothing is remembered from one to the next, so no state can be left behind. What
is uncertain is never LIVE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.heads import Announcement
from searcher.feed_health import FeedState
from searcher.model import Block

SHOWN_HASH_CHARACTERS: Final = 10
"""Of a hash in a reason: enough to tell two blocks of one height apart."""

Verdict = tuple[FeedState, str]
"""A state, and why it is not LIVE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainView:
    """Everything that a verdict depends on."""

    tail: Sequence[Block]
    """The canonical chain as it was emitted, oldest first, without gaps."""

    followed: str
    """The node that announced its last block."""

    views: Sequence[Announcement]
    """What each connected node said last."""

    detached: frozenset[str]
    """Hashes of heads that were found not to build on the tail."""

    now_ns: int
    """On the injected clock."""

    max_age_seconds: int
    """How old a head may be by its timestamp."""

    def verdict(self) -> Verdict:
        """Judge the tail's last block."""
        tip = self.tail[-1]
        contradicting = next((view for view in self.views if self.is_contradicted_by(view)), None)
        if not self.views:
            return FeedState.CONNECTING, "no node is connected"
        if contradicting is not None:
            return FeedState.STALE, self._contradiction(contradicting)
        if ahead := [view for view in self.views if self._is_ahead(view)]:
            return FeedState.SYNCING, f"block {ahead[0].head.number} is being read"
        if all(view.head.hash != tip.hash for view in self.views):
            return FeedState.SYNCING, f"no node has block {tip.number} as its head"
        age_s = self._age_s(tip.timestamp_s)
        if abs(age_s) > self.max_age_seconds:
            return FeedState.STALE, age_reason(tip.number, age_s)
        return FeedState.LIVE, ""

    def is_contradicted_by(self, view: Announcement) -> bool:
        """Whether a node has another block at a height of the tail.

        A node that has stopped moving contradicts nobody: the chain has gone on without its head.
        """
        if abs(self._age_s(view.head.timestamp_s)) > self.max_age_seconds:
            return False
        if view.head.hash in self.detached:
            return True
        return (own := self.hash_at(view.head.number)) is not None and own != view.head.hash

    def is_shared_by(self, view: Announcement) -> bool:
        """Whether a node's head is part of the tail."""
        return self.hash_at(view.head.number) == view.head.hash

    def hash_at(self, number: int) -> str | None:
        """The tail's block at a height; None below it and above it."""
        index = number - self.tail[0].number
        return self.tail[index].hash if 0 <= index < len(self.tail) else None

    def _is_ahead(self, view: Announcement) -> bool:
        return view.head.number > self.tail[-1].number

    def _age_s(self, timestamp_s: int) -> int:
        return self.now_ns // NS_PER_SECOND - timestamp_s

    def _contradiction(self, view: Announcement) -> str:
        number, own = view.head.number, self.hash_at(view.head.number)
        theirs = f"{view.node} has block {number} as {view.head.hash[:SHOWN_HASH_CHARACTERS]}"
        if own is None:
            return f"{theirs}, which does not build on the blocks of {self.followed}"
        return f"{theirs}, {self.followed} as {own[:SHOWN_HASH_CHARACTERS]}"


def age_reason(number: int, age_s: int) -> str:
    """Why a head of this age is not believed, in words."""
    if age_s < 0:
        return f"block {number} is {-age_s} s ahead of this machine's clock"
    return f"block {number} is {age_s} s old"
