"""Faults on demand: what a client must survive, drawn from a seeded generator per request."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """The answer is right, and late."""

    SLOW_HEADERS = "slow-headers"
    """The answer begins in time and ends late."""

    RESET = "reset"
    """The connection is closed without an answer."""

    SERVER_ERROR = "server-error"
    """A proxy's HTML with status 502."""

    MALFORMED = "malformed"
    """JSON that ends in the middle."""

    RATE_LIMIT = "rate-limit"
    """Too many requests, whatever was sent before."""

    NEVER_INCLUDED = "never-included"
    """An acknowledgement, and nothing after it."""

    BARE_STRING = "bare-string"
    """The bundle's hash as the result, without an object around it."""

    STATUS_RESULT = "status-result"
    """The integer 200 as the result."""

    NULL_RESULT = "null-result"
    """Null as the result."""

    REFUSAL = "refusal"
    """An internal error in given words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectedFault:
    """A fault to happen now and then."""

    kind: FaultKind
    """What goes wrong."""

    share: Fraction = Fraction(1)
    """Of the requests that it may happen to."""

    methods: frozenset[str] = frozenset()
    """That it may happen to; empty for all."""

    delay_s: float = 1.0
    """How late, where it is about time."""

    words: str = "internal server error"
    """Of a refusal."""


class FaultPlan:
    """Draws the faults of each request."""

    def __init__(self, faults: Sequence[InjectedFault] = (), *, seed: int = 0) -> None:
        self._faults = tuple(faults)
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not a secret

    def draw(self, method: str) -> dict[FaultKind, InjectedFault]:
        """Return what goes wrong with the next request of that method."""
        return {
            fault.kind: fault
            for fault in self._faults
            if (not fault.methods or method in fault.methods)
            and self._random.randrange(fault.share.denominator) < fault.share.numerator
        }
