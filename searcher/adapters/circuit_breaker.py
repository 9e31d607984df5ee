"""When an endpoint that does not work is left alone, and when it is tried again.

Closed, it lets everything pass. After enough failures in a row it opens; once its pause is over,
exactly one request passes as a probe, whose answer closes it or doubles the pause.
"""

from enum import StrEnum
from typing import Final

from searcher.ports import Clock

NS_PER_SECOND: Final = 1_000_000_000
FAILURES_TO_OPEN: Final = 3
"""In a row; one lost request says little."""

FIRST_PAUSE_NS: Final = 12 * NS_PER_SECOND
"""A slot."""

LONGEST_PAUSE_NS: Final = 600 * NS_PER_SECOND
"""An endpoint that returns is noticed within so long."""


class Circuit(StrEnum):
    """What may pass."""

    CLOSED = "closed"
    """Everything."""

    OPEN = "open"
    """Nothing."""

    PROBING = "probing"
    """One request passed; nothing else does until its answer is known."""


class CircuitBreaker:
    """Of one endpoint."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._pause_ns = FIRST_PAUSE_NS
        self._opened_ns: int | None = None
        self._is_probing = False

    @property
    def circuit(self) -> Circuit:
        """What may pass, before the pause is looked at."""
        if self._is_probing:
            return Circuit.PROBING
        return Circuit.CLOSED if self._opened_ns is None else Circuit.OPEN

    def admit(self) -> bool:
        """Whether a request may be sent now; after a yes, its end must be told."""
        if self._opened_ns is None:
            return True
        if self._is_probing or self._clock.now_ns() < self._opened_ns + self._pause_ns:
            return False
        self._is_probing = True
        return True

    def succeeded(self) -> None:
        """The endpoint answered, be it with a refusal."""
        self._failures, self._pause_ns = 0, FIRST_PAUSE_NS
        self._opened_ns, self._is_probing = None, False

    def failed(self) -> None:
        """The endpoint did not answer sensibly."""
        self._failures += 1
        if self._is_probing:
            self._pause_ns = min(2 * self._pause_ns, LONGEST_PAUSE_NS)
        if self._is_probing or self._failures >= FAILURES_TO_OPEN:
            self._opened_ns = self._clock.now_ns()
        self._is_probing = False
