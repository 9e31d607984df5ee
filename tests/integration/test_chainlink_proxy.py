"""Oracles on a real node, behind Chainlink's own proxy, whose aggregator is replaced."""

import pytest
import solcx

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.chainlink import ANSWER_UPDATED, Oracles
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import Rpc
from searcher.exchange_books import token_of
from searcher.oracle_rounds import OracleFeed, OracleReason
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import ContractCode, constructor_types
from sims.devnet.cache import Devnet
from sims.devnet.deployer import Deployer
from tests.devnet_fixture import fresh_devnet, rpc

pytestmark = pytest.mark.anvil
__all__ = ["fresh_devnet", "rpc"]

SOURCES = "node_modules/@chainlink/contracts/src/v0.8"
PROXY = f"{SOURCES}/data-feeds/test/helpers/DataFeedsLegacyAggregatorProxy.sol"
AGGREGATOR = f"{SOURCES}/shared/mocks/MockV3Aggregator.sol"
ETH = Token(address=Address("0x" + "ee" * 20), symbol="ETH", decimals=18)
USD = token_of("USD", {})


def compiled(path: str) -> ContractCode:
    """Chainlink's source; its pragma alone is loosened for the compiler that is installed."""
    contracts = ROOT / "contracts"
    content = (contracts / path).read_text().replace("solidity 0.8.26;", "solidity ^0.8.0;")
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"content": content}},
            "settings": {"outputSelection": {path: {"*": ["abi", "evm.bytecode.object"]}}},
        },
        base_path=contracts,
        allow_paths=(contracts / "node_modules").resolve(),
        solc_binary=contracts / "bin" / "solc",
    )
    ((name, contract),) = output["contracts"][path].items()
    code = bytes.fromhex(contract["evm"]["bytecode"]["object"])
    types = constructor_types(contract["abi"])
    return ContractCode(name=name, creation_code=code, constructor_types=types)


async def test_oracles_follow_the_proxy(fresh_devnet: Devnet, rpc: Rpc) -> None:
    deployment = fresh_devnet.deployment
    start_s = deployment.head_timestamp_s
    deployer = Deployer(rpc, address=public_address(DEPLOYER), timestamp_s=start_s)
    first = await deployer.deploy(compiled(AGGREGATOR), 8, 2_000 * 10**8)
    proxy = await deployer.deploy(compiled(PROXY), first)
    feeds = [
        OracleFeed(asset=ETH, quote=USD, proxy=address, heartbeat_seconds=3_600, deviation_bps=50)
        for address in (proxy, deployment.weth)
    ]
    oracles = Oracles(feeds)
    multicall = Multicall(rpc=rpc, address=deployment.multicall3)

    async def answers() -> list[int]:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
        await oracles.read(multicall, head.hash)
        said = oracles.prices(now_s=head.timestamp_s)
        assert said.refused[deployment.weth] is OracleReason.UNREADABLE
        return [price.numerator for price in said.prices]

    assert await answers() == [2_000 * 10 ** (8 + USD.decimals)]
    # The mock emits no event; this is the one that its successors emit.
    topics = [ANSWER_UPDATED, *("0x" + value.to_bytes(32).hex() for value in (2_100 * 10**8, 2))]
    updated_at = "0x" + deployer.timestamp_s.to_bytes(32).hex()
    log = {"address": first, "topics": topics, "data": updated_at}
    oracles.follow([log])
    followed = oracles.prices(now_s=deployer.timestamp_s).prices
    await deployer.call(first, "updateAnswer(int256)", 2_100 * 10**8)
    assert await answers() == [2_100 * 10 ** (8 + USD.decimals)] == [followed[0].numerator]
    second = await deployer.deploy(compiled(AGGREGATOR), 8, 1_900 * 10**8)
    await deployer.call(proxy, "proposeAggregator(address)", second)
    await deployer.call(proxy, "confirmAggregator(address)", second)
    assert await answers() == [1_900 * 10 ** (8 + USD.decimals)]
    assert oracles.aggregators == {second}
    await deployer.call(second, "updateAnswer(int256)", -1)
    assert await answers() == []
    assert oracles.prices(now_s=start_s).refused[proxy] is OracleReason.NOT_POSITIVE
