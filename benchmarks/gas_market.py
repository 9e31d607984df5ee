"""A local chain with a gap, and transactions on it that are measured and undone.

Separate from the benchmark, which says what is compared with what.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import solcx
from eth_abi.abi import decode

from graphs.units import PIPS, WEI_PER_ETHER, Address
from searcher.adapters.rpc import Rpc
from sims.devnet.accounts import TRADERS, public_address
from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import ContractCode
from sims.devnet.deployer import MAX_FEE_WEI, Deployer, encode_call
from sims.devnet.deployment import DeployedPool, Deployment
from sims.devnet.traders import FOREVER, SWAP_V2

BASE_GAS: Final = 21_000
"""Of any transaction."""

GAS_LIMIT: Final = 5_000_000
COINBASE: Final = Address("0x" + "c0" * 20)
SOURCES: Final = Path(__file__).parent / "contracts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A running chain on which USDC is cheap in the first pool."""

    rpc: Rpc
    deployment: Deployment
    deployer: Deployer

    def pool(self, venue: str, *symbols: str) -> DeployedPool:
        """The first pool of a venue between two tokens."""
        wanted = {self.token(symbol) for symbol in symbols}
        return next(
            pool
            for pool in self.deployment.pools
            if pool.venue == venue and set(pool.tokens) == wanted
        )

    def token(self, symbol: str) -> Address:
        """A token's address."""
        return next(token.address for token in self.deployment.tokens if token.symbol == symbol)

    async def deploy(self, name: str, *arguments: object) -> Address:
        """Deploy one of the benchmark's own contracts."""
        return await self.deployer.deploy(_compiled(name), *arguments)

    async def open_gap(self, pool: DeployedPool, *, token_in: Address) -> None:
        """Sell a tenth of a pair's depth into it."""
        amount = pool.amounts[pool.tokens.index(token_in)] // 10
        (token_out,) = set(pool.tokens) - {token_in}
        trader = Deployer(
            self.rpc, address=public_address(TRADERS[0]), timestamp_s=self.deployer.timestamp_s
        )
        router = next(
            factory.router for factory in self.deployment.factories if factory.venue == pool.venue
        )
        order = (amount, 0, [token_in, token_out], trader.address, FOREVER)
        await trader.call(router, SWAP_V2, *order)
        self.deployer.timestamp_s = trader.timestamp_s

    async def give(self, token: Address, holder: Address) -> None:
        """One raw unit, so that no balance is written for the first time while measuring."""
        await self.deployer.call(token, "transfer(address,uint256)", holder, 1)

    async def pair_output(self, pool: DeployedPool, *, token_in: Address, amount_in: int) -> int:
        """What a pair pays."""
        answer = await self.deployer.read(pool.address, "getReserves()")
        reserves = decode(["uint256", "uint256"], answer)
        index = sorted(pool.tokens).index(token_in)
        after_fee = amount_in * (PIPS - pool.fee_pips)
        return int(after_fee * reserves[1 - index] // (reserves[index] * PIPS + after_fee))

    async def concentrated_output(
        self, pool: DeployedPool, *, token_in: Address, amount_in: int
    ) -> int:
        """What a concentrated pool pays, by its own quoter."""
        (token_out,) = set(pool.tokens) - {token_in}
        order = (token_in, token_out, amount_in, pool.fee_pips, 0)
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        answer = await self.deployer.read(self.deployment.quoter, signature, order)
        return int(decode(["uint256"], answer)[0])

    async def gas_of(self, sender: Address, to: Address, data: bytes) -> int:
        """Gas of a transaction that succeeds, whose effects are undone."""
        snapshot = await self.rpc.call("evm_snapshot")
        transaction = {
            "from": sender,
            "to": to,
            "data": "0x" + data.hex(),
            "gas": hex(GAS_LIMIT),
            "maxFeePerGas": hex(MAX_FEE_WEI),
            "maxPriorityFeePerGas": "0x0",
        }
        tx_hash = await self.rpc.call("eth_sendTransaction", transaction)
        await self.rpc.call("evm_mine", {"timestamp": self.deployer.timestamp_s + 12})
        receipt: Any = await self.rpc.call("eth_getTransactionReceipt", tx_hash)
        if receipt["status"] != "0x1":
            trace = await self.rpc.call("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
            raise RuntimeError(f"transaction to {to} reverted: {trace}")
        await self.rpc.call("evm_revert", snapshot)
        return int(receipt["gasUsed"], 16)

    async def next_block(self) -> int:
        """The number of the block that the next transaction is in."""
        return int(str(await self.rpc.call("eth_blockNumber")), 16) + 1


async def open_market(rpc: Rpc, deployment: Deployment) -> Market:
    """Ready to be measured: everybody who is paid has been paid before."""
    deployer = Deployer(rpc, address=public_address(0), timestamp_s=deployment.head_timestamp_s)
    market = Market(rpc=rpc, deployment=deployment, deployer=deployer)
    await rpc.call("anvil_setCoinbase", COINBASE)
    await rpc.call("anvil_setBalance", COINBASE, hex(WEI_PER_ETHER))
    await market.give(deployment.weth, deployment.beneficiary)
    await market.open_gap(market.pool("uniswap-v2", "WETH", "USDC"), token_in=market.token("USDC"))
    return market


def calldata_gas(data: bytes) -> int:
    """What the transaction pays for its data (EIP-2028)."""
    return sum(4 if byte == 0 else 16 for byte in data)


def script(*calls: tuple[Address, bytes]) -> bytes:
    """Calls as `BareCaller` reads them."""
    return b"".join(
        bytes.fromhex(target[2:]) + len(data).to_bytes(2) + data for target, data in calls
    )


def swap_call(pool: DeployedPool, *, token_in: Address, amount_out: int, to: Address) -> bytes:
    """Calldata of a pair's swap."""
    amounts = (0, amount_out) if token_in == min(pool.tokens) else (amount_out, 0)
    return encode_call("swap(uint256,uint256,address,bytes)", *amounts, to, b"")


def transfer_call(to: Address, amount: int) -> bytes:
    """Calldata of a token's transfer."""
    return encode_call("transfer(address,uint256)", to, amount)


def _compiled(name: str) -> ContractCode:
    contracts = ROOT / "contracts"
    with (contracts / "foundry.toml").open("rb") as file:
        profile = tomllib.load(file)["profile"]["default"]
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {name: {"content": (SOURCES / f"{name}.sol").read_text()}},
            "settings": {
                "remappings": profile["remappings"],
                "optimizer": {"enabled": True, "runs": profile["optimizer_runs"]},
                "viaIR": profile["via_ir"],
                "evmVersion": profile["evm_version"],
                "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
            },
        },
        base_path=contracts,
        allow_paths=(contracts / "node_modules").resolve(),
        solc_binary=contracts / profile["solc"],
    )
    compiled = output["contracts"][name][name]
    return ContractCode(
        name=name,
        creation_code=bytes.fromhex(compiled["evm"]["bytecode"]["object"]),
        constructor_types=_constructor_types(compiled["abi"]),
    )


def _constructor_types(abi: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    constructors = [entry for entry in abi if entry["type"] == "constructor"]
    return tuple(argument["type"] for entry in constructors for argument in entry["inputs"])
