"""One round of questions about many pools, asked together.

Who answers nonsense is refused by name and reason instead of ending the discovery.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from graphs.errors import MalformedPoolError
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    WORD_BITS,
    WORD_BYTES,
    decode_address,
    decode_unsigned,
    encode_word,
)
from searcher.adapters.created_pools import Refusal
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError

Item = TypeVar("Item")
Result = TypeVar("Result")
Answers = Sequence[bytes | None]


class UnfitPoolError(Exception):
    """A pool that answers as it should and is none that can be quoted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBlock:
    """Where questions about a block's state go."""

    multicall: Multicall
    """On some node."""

    hash: str
    """Of the block whose state is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Generic[Item, Result]):
    """What to ask of each pool, and what to make of the answers."""

    pool_id: Callable[[Item], PoolId]
    """Who is refused."""

    calls: Callable[[Item], list[Call]]
    """The questions."""

    make: Callable[[Item, Answers], Result]
    """From an answer for each question, None where it reverted."""

    async def run(
        self, block: StateBlock, items: Sequence[Item]
    ) -> tuple[list[Result], list[Refusal]]:
        """Ask about all items together; an item whose answers make no sense is refused.

        Raises:
            RpcError, WireError: the node refused, or there is no Multicall3.
        """
        groups = [self.calls(item) for item in items]
        answers = await block.multicall.aggregate(
            [call for group in groups for call in group], block.hash
        )
        results: list[Result] = []
        refusals: list[Refusal] = []
        start = 0
        for item, group in zip(items, groups, strict=True):
            end = start + len(group)
            made = self._made(item, answers[start:end])
            if isinstance(made, Refusal):
                refusals.append(made)
            else:
                results.append(made)
            start = end
        return results, refusals

    def _made(self, item: Item, answers: Answers) -> Result | Refusal:
        try:
            return self.make(item, answers)
        except WireError as error:
            reason = f"{error.field}: {error.reason}"
        except (MalformedPoolError, UnfitPoolError) as error:
            reason = error.reason
        return Refusal(pool_id=self.pool_id(item), reason=reason)


def given(answer: bytes | None, field: str) -> bytes:
    """What was answered.

    Raises:
        WireError: the call reverted.
    """
    if answer is None:
        raise WireError(field, "reverted")
    return answer


def decode_words(data: bytes, index: int, field: str) -> list[int]:
    """The array of words whose offset is the word at the index.

    Raises:
        WireError: it is not all there.
    """
    offset = decode_unsigned(data, index, bits=WORD_BITS, field=field)
    if offset > len(data):
        raise WireError(field, "offset outside the data")
    tail = data[offset:]
    count = decode_unsigned(tail, 0, bits=WORD_BITS, field=field)
    if count > len(tail) // WORD_BYTES:
        raise WireError(field, "length outside the data")
    return [
        decode_unsigned(tail, place, bits=WORD_BITS, field=field) for place in range(1, count + 1)
    ]


def decode_addresses(data: bytes, index: int, field: str) -> tuple[Address, ...]:
    """The array of addresses whose offset is the word at the index.

    Raises:
        WireError: it is not all there, or one is none.
    """
    words = decode_words(data, index, field)
    return tuple(decode_address(encode_word(word), 0, field=field) for word in words)
