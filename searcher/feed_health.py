"""How far a source of the world can be believed at this moment.

Every feed, be it blocks, pending transactions or an exchange, keeps one of these for whoever
decides and whoever watches. Only what is LIVE may price or trigger anything.
"""

from dataclasses import dataclass
from enum import StrEnum


class FeedState(StrEnum):
    """What a source is worth."""

    CONNECTING = "connecting"
    """Not connected: at the start, or between two attempts."""

    SYNCING = "syncing"
    """Connected; what it shows is not complete yet, or has a gap that is being filled."""

    LIVE = "live"
    """Complete, in order and recent."""

    STALE = "stale"
    """Was live; silent for longer than it may be, or contradicted by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One source at one moment."""

    source: str
    """What the configuration calls it."""

    state: FeedState
    """Whether it may be used."""

    reason: str
    """Why it is not live, in words; empty when it is."""

    last_received_ns: int | None
    """When the last message came, on the injected clock; None before the first."""

    messages: int
    """Received since the start."""

    gaps: int
    """Times that something was known to be missing, or out of order."""

    reconnects: int
    """Connections after the first."""
