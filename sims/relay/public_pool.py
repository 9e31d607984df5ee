"""The node's own transaction pool: what the public has sent, and in which order it is mined.

The builder empties it before every block, because the node mines in order of arrival and bundles
come first; what found no place is put back.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from graphs.units import Address
from searcher.adapters.decoding import array, hex_bytes, member
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError, UndecodableTransactionError, WireError
from searcher.flashbots import transaction_hash
from searcher.transactions import Transaction
from sims.relay.validity import decode_executable


class PublicPool:
    """Reads, empties and refills the pool of a node that mines only when told."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def raw_txs(self) -> tuple[bytes, ...]:
        """Return every waiting transaction in consensus encoding."""
        content = await self._rpc.call("txpool_content")
        hashes = [
            tx_hash
            for queue in ("pending", "queued")
            for by_nonce in _values(member(content, queue))
            for tx_hash in (member(tx, "hash") for tx in _values(by_nonce))
        ]
        raws = await self._rpc.batch(
            [("eth_getRawTransactionByHash", [tx_hash]) for tx_hash in hashes]
        )
        return tuple(hex_bytes(raw, "raw transaction") for raw in raws if raw is not None)

    async def empty(self) -> None:
        """Forget every waiting transaction."""
        await self._rpc.call("anvil_dropAllTransactions")

    async def send(self, raws: Sequence[bytes]) -> None:
        """Add transactions in order.

        Raises:
            RpcError: the node refuses one of them.
        """
        await self._rpc.batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])

    async def put_back(self, raws: Iterable[bytes]) -> tuple[str, ...]:
        """Add what the node still takes; return the hashes of what it refuses."""
        refused = []
        for raw in raws:
            try:
                await self._rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
            except RpcError as error:
                if error.code is None:
                    raise
                refused.append(transaction_hash(raw))
        return tuple(refused)


def decodable(raws: Iterable[bytes]) -> tuple[Transaction, ...]:
    """Return the transactions of the types that the builder can order."""
    txs = []
    for raw in raws:
        with suppress(UndecodableTransactionError):
            txs.append(decode_executable(raw))
    return tuple(txs)


def by_effective_tip(
    txs: Iterable[Transaction], *, nonces: Mapping[str, int], base_fee_wei: int
) -> Iterator[Transaction]:
    """Yield what can be mined, the best tip first, each sender in order of its nonces.

    A gap, a fee cap below the base fee or a contract creation, whose successors cannot be
    simulated, ends its sender's turn. O(n log n).
    """
    queues: dict[Address, list[Transaction]] = defaultdict(list)
    for tx in sorted(txs, key=lambda tx: tx.nonce, reverse=True):
        if tx.nonce >= nonces[tx.sender]:
            queues[tx.sender].append(tx)
    expected = dict(nonces)
    heap = [
        (-queue[-1].effective_tip_wei(base_fee_wei), sender) for sender, queue in queues.items()
    ]
    heapq.heapify(heap)
    while heap:
        negative_tip, sender = heapq.heappop(heap)
        tx = queues[sender].pop()
        if negative_tip > 0 or tx.nonce != expected[sender]:
            continue
        expected[sender] += 1
        yield tx
        if queues[sender] and tx.to is not None:
            tip = queues[sender][-1].effective_tip_wei(base_fee_wei)
            heapq.heappush(heap, (-tip, sender))


def _values(value: object) -> Sequence[object]:
    if not isinstance(value, dict):
        raise WireError("txpool_content", "not an object")
    return array(list(value.values()), "txpool_content")
