"""The fixed parts of event logs: how many topics, how many words, and which pool is meant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphs.units import PoolId
from searcher.adapters.abi import WORD_BYTES
from searcher.adapters.decoding import hash32
from searcher.errors import WireError
from searcher.pool_updates import PoolEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """An event that changed a pool without saying to what: it must be read."""

    pool_id: PoolId
    """Which pool."""


EventDecoder = Callable[[PoolId, Sequence[object], bytes], PoolEvent | Unsaid | None]
"""From the pool, all topics and the data; None where nothing changed."""


def unsaid(pool_id: PoolId, _topics: Sequence[object], _data: bytes) -> Unsaid:
    """The decoder of events that do not carry the state."""
    return Unsaid(pool_id=pool_id)


def indexed_word(value: object) -> bytes:
    """An indexed argument.

    Raises:
        WireError: not 32 bytes.
    """
    return bytes.fromhex(hash32(value, "log.topics")[2:])


def expect(topics: Sequence[object], data: bytes, *, topic_count: int, words: int) -> None:
    """Refuse a log of another shape.

    Raises:
        WireError: other topics or data than the event has.
    """
    if len(topics) != topic_count:
        raise WireError("log.topics", f"{len(topics)} of {topic_count}")
    if len(data) != words * WORD_BYTES:
        raise WireError("log.data", f"{len(data)} bytes of {words * WORD_BYTES}")
