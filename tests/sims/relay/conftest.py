"""One anvil with a relay in front of it, and contracts whose effect is plain to see."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from searcher.adapters.rpc import Rpc, open_rpc
from searcher.flashbots import transaction_hash
from sims.devnet.anvil import running_anvil
from sims.relay.server import RelayOptions, RunningRelay, running_relay
from sims.relay.verification import WITH_TRANSACTIONS
from tests.sims.relay.requests import IDENTITY, ask

PAYS: Final = "0x" + "a1" * 20
"""Passes the call's value on to the coinbase."""

REVERTS: Final = "0x" + "a2" * 20
"""Reverts with one word: 0xaa."""

FIRST_ONLY: Final = "0x" + "a3" * 20
"""Passes the first call's value on to the coinbase, and reverts ever after."""

FIRST_PAYS: Final = "0x" + "a4" * 20
"""Passes the first call's value on to the coinbase, and keeps the value ever after."""

LOTTERY: Final = "0x" + "a5" * 20
"""Passes the call's value on to the coinbase unless PREVRANDAO is zero, as in simulations."""

RAFFLE: Final = "0x" + "a6" * 20
"""Pays 1 wei and the lowest 32 bits of PREVRANDAO to the coinbase; its gas is always the same."""

_PAY: Final = "60006000600060003441" + "5af1" + "00"
_ONCE: Final = "6000546018576001600055" + _PAY + "5b"
CODES: Final = {
    PAYS: "0x" + _PAY,
    REVERTS: "0x60aa60005260206000fd",
    FIRST_ONLY: "0x" + _ONCE + "60006000fd",
    FIRST_PAYS: "0x" + _ONCE + "00",
    LOTTERY: "0x44600557005b" + _PAY,
    RAFFLE: "0x6000600060006000600163ffffffff441601415af100",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChain:
    """A node, the relay in front of it, and the shortest way to both."""

    rpc: Rpc
    """The node."""

    relay: RunningRelay
    """In front of it."""

    async def send_bundle(self, *raws: bytes, block: int = 1, **fields: object) -> dict[str, Any]:
        """Return the relay's answer to a bundle."""
        parameters = {
            "txs": ["0x" + raw.hex() for raw in raws],
            "blockNumber": hex(block),
            **fields,
        }
        return await ask(self.relay.url, "eth_sendBundle", parameters, key=IDENTITY)

    async def call_bundle(self, *raws: bytes, block: int = 1, **fields: object) -> dict[str, Any]:
        """Return the relay's answer to a simulation on the latest state."""
        parameters = {
            "txs": ["0x" + raw.hex() for raw in raws],
            "blockNumber": hex(block),
            "stateBlockNumber": "latest",
            **fields,
        }
        return await ask(self.relay.url, "eth_callBundle", parameters)

    async def send_public(self, *raws: bytes) -> None:
        """Put transactions into the node's pool."""
        for raw in raws:
            await self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())

    async def mined(self, block: int = 1) -> list[str]:
        """Return the hashes of a block's transactions."""
        return list((await self.block(hex(block)))["transactions"])

    async def block(self, tag: str = "latest") -> dict[str, Any]:
        """Return a block with the hashes of its transactions."""
        answer = await self.rpc.call("eth_getBlockByNumber", tag, WITH_TRANSACTIONS)
        assert isinstance(answer, dict)
        return answer

    async def receipt(self, raw: bytes) -> dict[str, Any]:
        """Return the receipt of a mined transaction."""
        answer = await self.rpc.call("eth_getTransactionReceipt", transaction_hash(raw))
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
async def chain() -> AsyncIterator[LocalChain]:
    async with running_anvil() as anvil, open_rpc(anvil.http_url) as rpc:
        await rpc.batch([("anvil_setCode", [address, code]) for address, code in CODES.items()])
        async with running_relay(RelayOptions(node_url=anvil.http_url)) as relay:
            yield LocalChain(rpc=rpc, relay=relay)
