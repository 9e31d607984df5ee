"""What goes wrong between an exchange and a client, as a seeded schedule over frames.

One place for all faults, so that tests in memory and servers on sockets break alike.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from random import Random
from typing import Final

from sims.errors import SimsError


class Fault(StrEnum):
    """What happens to one frame, or to the connection at it."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    """It comes after the frame that follows."""
    DELAY = "delay"
    """It comes some frames later."""
    GARBAGE = "garbage"
    """It comes with bytes changed."""
    TRUNCATE = "truncate"
    """It ends too early."""
    DISCONNECT = "disconnect"
    """The connection ends after it."""
    STALL = "stall"
    """Nothing comes any more, on a connection that stays open."""


FRAMES_OF_DELAY: Final = 5
"""That overtake a delayed frame."""


class LineEndedError(SimsError):
    """The connection is gone."""


class FaultyLine:
    """What carries frames one way, each of them exposed to one fault at most."""

    def __init__(self, random: Random, chances: Mapping[Fault, float]) -> None:
        """Take the probability of each fault for a frame."""
        self._random = random
        self._chances = dict(chances)
        self._held: list[tuple[int, bytes]] = []
        self._carried = 0
        self.is_stalled = False

    def heal(self) -> None:
        """Let everything through from now on, except what a stall has stopped for good."""
        self._chances = {}

    def carry(self, frames: Sequence[bytes]) -> list[bytes]:
        """What arrives when these are sent.

        Raises:
            LineEndedError: the connection ended; nothing of them arrives.
        """
        arrived: list[bytes] = []
        for frame in frames:
            self._carried += 1
            arrived += self._expose(frame)
            arrived += [frame for due, frame in self._held if due <= self._carried]
            self._held = [item for item in self._held if item[0] > self._carried]
        return [] if self.is_stalled else arrived

    def _expose(self, frame: bytes) -> list[bytes]:
        fault = self._drawn()
        if fault is Fault.DISCONNECT:
            raise LineEndedError
        self.is_stalled |= fault is Fault.STALL
        if fault in {Fault.REORDER, Fault.DELAY}:
            overtaken_by = 1 if fault is Fault.REORDER else FRAMES_OF_DELAY
            self._held.append((self._carried + overtaken_by, frame))
        return {
            None: [frame],
            Fault.DUPLICATE: [frame, frame],
            Fault.GARBAGE: [self._spoilt(frame)],
            Fault.TRUNCATE: [frame[: len(frame) // 2]],
        }.get(fault, [])

    def _drawn(self) -> Fault | None:
        point = self._random.random()
        for fault, chance in self._chances.items():
            point -= chance
            if point < 0:
                return fault
        return None

    def _spoilt(self, frame: bytes) -> bytes:
        """With a byte that is no JSON anywhere, so that the decoder, and no luck, has to see it."""
        place = self._random.randrange(len(frame))
        return frame[:place] + b"\x00" + frame[place + 1 :]
