"""Sends the transactions that set a local chain up, one block for each, at told timestamps.

Separate from the protocols so that each of them reads as the list of calls that it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.adapters.rpc import Rpc
from searcher.create2 import DETERMINISTIC_DEPLOYER, create2_address, create2_calldata
from searcher.errors import RpcError
from sims.devnet.artifacts import ContractCode
from sims.errors import DeploymentError

GAS_LIMIT: Final = 29_000_000
"""Of a transaction; just below anvil's block gas limit."""

MAX_FEE_WEI: Final = 10**11
"""Per gas; far above the base fee of a chain whose blocks are not full."""

SLOT_SECONDS: Final = 12
"""Between blocks, as on mainnet."""

SELECTOR_BYTES: Final = 4
SUCCEEDED: Final = "0x1"


def encode_call(signature: str, *arguments: object) -> bytes:
    """Calldata of a function given as `name(type,...)` in canonical types."""
    types = _split(signature[signature.index("(") + 1 : -1])
    return keccak(text=signature)[:SELECTOR_BYTES] + encode(types, arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A transaction to a contract."""

    to: Address
    """The contract."""

    signature: str
    """The function, as `name(type,...)`."""

    arguments: tuple[object, ...] = ()
    """Its arguments."""

    value_wei: int = 0
    """Ether sent along."""

    sender: Address | None = None
    """An account that anvil has unlocked; None for the deployer's own."""


class Deployer:
    """An account that deploys and calls. It keeps the time of the chain it builds."""

    def __init__(
        self,
        rpc: Rpc,
        *,
        address: Address,
        timestamp_s: int,
        places: Mapping[str, Address] | None = None,
    ) -> None:
        self.address = address
        self.rpc = rpc
        self.timestamp_s = timestamp_s
        self.places = places or {}
        """Where contracts are made to stand, by name."""

    async def deploy(self, code: ContractCode, *arguments: object) -> Address:
        """Deploy a contract, at its place where it has one.

        Raises:
            DeploymentError: refused or reverted.
        """
        if code.name in self.places:
            return await self._place(code, arguments)
        transaction = {"from": self.address, "data": "0x" + code.init_code(*arguments).hex()}
        receipt = (await self._mine([transaction], step=code.name))[0]
        return Address(str(receipt["contractAddress"]).lower())

    async def _place(self, code: ContractCode, arguments: tuple[object, ...]) -> Address:
        """Run the constructor as the code of the place, then leave there what it returns.

        So its storage is written there, and what it makes immutable is what it would have been.
        """
        place = self.places[code.name]
        call: dict[str, str] = {"from": self.address, "to": place}
        init_code = "0x" + code.init_code(*arguments).hex()
        try:
            await self.rpc.call("anvil_setCode", place, init_code)
            runtime_code = await self.rpc.call("eth_call", call, "latest")
            await self._mine([call], step=code.name)
            await self.rpc.call("anvil_setCode", place, runtime_code)
        except RpcError as error:
            raise DeploymentError(code.name, error.reason) from error
        return place

    async def deploy_deterministic(self, code: ContractCode, *arguments: object) -> Address:
        """Deploy a contract at the address that follows from its code, as `searcher deploy` does.

        Raises:
            DeploymentError: refused or reverted.
        """
        init_code = code.init_code(*arguments)
        transaction = {
            "from": self.address,
            "to": DETERMINISTIC_DEPLOYER,
            "data": "0x" + create2_calldata(init_code).hex(),
        }
        await self._mine([transaction], step=code.name)
        return create2_address(init_code)

    async def call(self, to: Address, signature: str, *arguments: object) -> None:
        """Call a contract.

        Raises:
            DeploymentError: refused or reverted.
        """
        await self.send(Call(to=to, signature=signature, arguments=arguments))

    async def send(self, *calls: Call) -> None:
        """Make the calls in one block, which must have room for all of them.

        Raises:
            DeploymentError: refused or reverted.
        """
        transactions = [
            {
                "from": call.sender or self.address,
                "to": call.to,
                "data": "0x" + encode_call(call.signature, *call.arguments).hex(),
                "value": hex(call.value_wei),
            }
            for call in calls
        ]
        await self._mine(transactions, step=calls[0].signature)

    async def read(self, to: Address, signature: str, *arguments: object) -> bytes:
        """The bytes that a view returns.

        Raises:
            RpcError: it reverted.
        """
        call = {"to": to, "data": "0x" + encode_call(signature, *arguments).hex()}
        return bytes.fromhex(str(await self.rpc.call("eth_call", call, "latest"))[2:])

    async def read_address(self, to: Address, signature: str, *arguments: object) -> Address:
        """The address that a view returns.

        Raises:
            RpcError: it reverted.
        """
        return Address(decode(["address"], await self.read(to, signature, *arguments))[0].lower())

    async def mine(self) -> None:
        """Mine the next block."""
        self.timestamp_s += SLOT_SECONDS
        await self.rpc.call("evm_mine", {"timestamp": self.timestamp_s})

    async def _mine(
        self, transactions: Sequence[dict[str, str]], *, step: str
    ) -> list[dict[str, object]]:
        shared = {
            "gas": hex(GAS_LIMIT // len(transactions)),
            "maxFeePerGas": hex(MAX_FEE_WEI),
            "maxPriorityFeePerGas": "0x0",
        }
        try:
            hashes = [
                await self.rpc.call("eth_sendTransaction", transaction | shared)
                for transaction in transactions
            ]
            await self.mine()
            receipts = await self.rpc.batch(
                [("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in hashes]
            )
        except RpcError as error:
            raise DeploymentError(step, error.reason) from error
        return [_succeeded(receipt, step) for receipt in receipts]


def _succeeded(receipt: object, step: str) -> dict[str, object]:
    if not isinstance(receipt, dict):
        raise DeploymentError(step, "not mined")
    if receipt["status"] != SUCCEEDED:
        raise DeploymentError(step, "reverted")
    return receipt


def _split(types: str) -> list[str]:
    """Split at the commas that are outside of tuples."""
    parts, depth = [""], 0
    for character in types:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if types else []
