"""One bundle to many builders at once.

Everything is written and signed before the first byte leaves, so that the last builder hears of it
as soon as the first one as far as that depends on us. No endpoint can delay or break another.
"""

import asyncio
from collections.abc import Sequence

from searcher.adapters.relays import BuilderRelay
from searcher.model import AdmittedBundle, Bundle, Submission


class FanOut:
    """The endpoints that the policy chose, in the order of the configuration."""

    def __init__(self, relays: Sequence[BuilderRelay]) -> None:
        self._relays = tuple(relays)

    async def submit(
        self, admitted: AdmittedBundle, max_timestamp_s: int | None = None
    ) -> tuple[Submission, ...]:
        """Send to all; an answer for each, in their order."""
        for relay in self._relays:
            relay.prepare(admitted, max_timestamp_s)
        async with asyncio.TaskGroup() as tasks:
            sent = [
                tasks.create_task(relay.submit(admitted, max_timestamp_s)) for relay in self._relays
            ]
        return tuple(task.result() for task in sent)

    async def cancel(self, bundle: Bundle) -> tuple[Submission, ...]:
        """Ask all to forget the bundle; an answer for each, in their order."""
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(relay.cancel(bundle)) for relay in self._relays]
        return tuple(task.result() for task in asked)
