"""The real protocols stand, hold what was planned, and survive being kept on disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi.abi import decode

from graphs.bellman_ford import find_cycles
from graphs.market import Market
from graphs.token_graph import TokenGraph
from graphs.units import BPS, WEI_PER_ETHER, Address, PoolId
from searcher.adapters.created_pools import Factory
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.discovery import Survey, discover
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.create2 import create2_address
from searcher.executor_artifact import load_executor
from searcher.flash_lenders import LenderKind
from searcher.network_wiring import network_wiring
from searcher.wiring import constructor_argument
from sims.devnet.accounts import DEPLOYER, TRADERS, public_address
from sims.devnet.anvil import AnvilOptions
from sims.devnet.cache import Devnet
from sims.devnet.cache import devnet as running_devnet
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.deployment import DeployedPool, Deployment
from sims.devnet.plan import DEFAULT_PLAN, UNISWAP_V2, UNISWAP_V3
from sims.devnet.uniswap import FOREVER
from sims.local_network import devnet_network

pytestmark = pytest.mark.anvil

BORROWER = Address("0x" + "b0" * 20)
ETHER = WEI_PER_ETHER


async def discovered(rpc: Rpc, deployment: Deployment) -> Market:
    head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
    factories = [
        Factory(
            kind=entry.kind, venue=entry.venue, address=entry.address, fee_pips=entry.fee_pips or 0
        )
        for entry in deployment.factories
    ]
    survey = Survey(
        factories=factories, multicall3=deployment.multicall3, start_block=deployment.start_block
    )
    found = await discover(rpc, survey, block=head)
    return Market(
        block_number=head.number, block_hash=head.hash, tokens=found.tokens, pools=found.pools
    )


def lender(deployment: Deployment, kind: LenderKind) -> Address:
    return next(entry.address for entry in deployment.lenders if entry.kind == kind)


def deployer_on(rpc: Rpc, deployment: Deployment, index: int = DEPLOYER) -> Deployer:
    timestamp_s = deployment.head_timestamp_s
    return Deployer(rpc, address=public_address(index), timestamp_s=timestamp_s)


async def balance(rpc: Rpc, token: Address, holder: Address) -> int:
    call = {"to": token, "data": "0x" + encode_call("balanceOf(address)", holder).hex()}
    return int(str(await rpc.call("eth_call", call, "latest")), 16)


async def place_borrower(rpc: Rpc, token: Address, calldata: bytes) -> None:
    """Put a contract at BORROWER that answers every call by calling the token, and with true."""
    size = f"60{len(calldata):02x}"
    call = f"6000600{'0'}{size}6000600073{token[2:]}5af150" + "600160005260206000f3"
    offset = len(bytes.fromhex(f"{size}6000600039{call}"))
    code = f"{size}60{offset:02x}600039{call}" + calldata.hex()
    await rpc.call("anvil_setCode", BORROWER, "0x" + code)


async def test_discovery_after_reload_finds_every_planned_pool(devnet: Devnet) -> None:
    async with open_rpc(devnet.anvil.http_url) as rpc:
        market = await discovered(rpc, devnet.deployment)

    assert set(market.pools) == {PoolId(pool.address) for pool in devnet.deployment.pools}
    assert len(market.pools) == len(DEFAULT_PLAN.pools)


async def test_every_pool_quotes_its_planned_price_less_its_fee(devnet: Devnet) -> None:
    async with open_rpc(devnet.anvil.http_url) as rpc:
        market = await discovered(rpc, devnet.deployment)

    for pool in devnet.deployment.pools:
        quoted = market.pools[PoolId(pool.address)].amount_out(*pool.tokens, pool.amounts[0] // BPS)
        fair = pool.amounts[1] // BPS
        assert 0.99 * fair < quoted < fair


async def test_fresh_chain_offers_no_arbitrage(devnet: Devnet) -> None:
    async with open_rpc(devnet.anvil.http_url) as rpc:
        market = await discovered(rpc, devnet.deployment)

    graph = TokenGraph.from_market(market)

    assert len(find_cycles(graph, devnet.deployment.weth, max_hops=4, limit=1)) == 0


async def test_swap_through_the_router_pays_the_quote_of_graphs(
    fresh_devnet: Devnet, rpc: Rpc
) -> None:
    deployment = fresh_devnet.deployment
    pool = next(pool for pool in deployment.pools if pool.venue == UNISWAP_V2)
    market = await discovered(rpc, deployment)
    quoted = market.pools[PoolId(pool.address)].amount_out(*pool.tokens, ETHER)
    trader = deployer_on(rpc, deployment, TRADERS[0])
    before = await balance(rpc, pool.tokens[1], trader.address)

    swap = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
    order = (ETHER, quoted, pool.tokens, trader.address, FOREVER)
    await trader.call(deployment.factories[0].router, swap, *order)

    assert await balance(rpc, pool.tokens[1], trader.address) - before == quoted


async def test_quoter_agrees_with_graphs_on_every_concentrated_pool(devnet: Devnet) -> None:
    deployment = devnet.deployment
    async with open_rpc(devnet.anvil.http_url) as rpc:
        market = await discovered(rpc, deployment)
        for pool in deployment.pools:
            if pool.venue == UNISWAP_V3:
                amount_in = pool.amounts[0] // 3
                own = market.pools[PoolId(pool.address)].amount_out(*pool.tokens, amount_in)
                assert own == await quoter_answer(rpc, deployment, pool, amount_in=amount_in)


async def quoter_answer(
    rpc: Rpc, deployment: Deployment, pool: DeployedPool, *, amount_in: int
) -> int:
    signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
    order = (*pool.tokens, amount_in, pool.fee_pips, 0)
    answer = await deployer_on(rpc, deployment).read(deployment.quoter, signature, order)
    return int(decode(["uint256"], answer)[0])


async def test_aave_lends_any_amount_for_five_basis_points(fresh_devnet: Devnet, rpc: Rpc) -> None:
    deployment = fresh_devnet.deployment
    pool = lender(deployment, LenderKind.AAVE_V3)
    deployer = deployer_on(rpc, deployment)
    amount, premium = 1_000 * ETHER, ETHER // 2
    await place_borrower(
        rpc, deployment.weth, encode_call("approve(address,uint256)", pool, 2 * amount)
    )
    await deployer.call(deployment.weth, "transfer(address,uint256)", BORROWER, premium)

    flash = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    await deployer.call(pool, flash, BORROWER, deployment.weth, amount, b"", 0)

    assert await balance(rpc, deployment.weth, BORROWER) == 0


async def test_balancer_lends_its_whole_depth_for_nothing(fresh_devnet: Devnet, rpc: Rpc) -> None:
    deployment = fresh_devnet.deployment
    vault = lender(deployment, LenderKind.BALANCER_V2)
    depth = DEFAULT_PLAN.vault_depth_wei
    await place_borrower(
        rpc, deployment.weth, encode_call("transfer(address,uint256)", vault, depth)
    )

    flash = "flashLoan(address,address[],uint256[],bytes)"
    order = (BORROWER, [deployment.weth], [depth], b"")
    await deployer_on(rpc, deployment).call(vault, flash, *order)

    assert await balance(rpc, deployment.weth, vault) == depth


async def test_executor_stands_where_a_deployment_with_its_network_would_put_it(
    devnet: Devnet,
) -> None:
    network = devnet_network(devnet.anvil, devnet.deployment)
    owner, beneficiary = devnet.deployment.trading_account, devnet.deployment.beneficiary
    wiring = network_wiring(network, owner=owner, beneficiary=beneficiary)

    init_code = load_executor().init_code(constructor_argument(wiring))

    assert create2_address(init_code) == devnet.deployment.executor


async def test_executor_belongs_to_the_trading_account(devnet: Devnet) -> None:
    deployment = devnet.deployment
    async with open_rpc(devnet.anvil.http_url) as rpc:
        owner = await deployer_on(rpc, deployment).read_address(deployment.executor, "owner()")

    assert owner == deployment.trading_account


async def test_next_block_follows_the_kept_one_in_time(fresh_devnet: Devnet, rpc: Rpc) -> None:
    await rpc.call("evm_mine")

    block = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))

    assert block.number == fresh_devnet.deployment.head_block + 1
    assert block.timestamp_s > fresh_devnet.deployment.head_timestamp_s


async def test_deployment_repeats_to_the_block_hash(tmp_path: Path) -> None:
    first = await head_of(tmp_path / "first")
    second = await head_of(tmp_path / "second")

    assert first == second


async def head_of(cache: Path) -> tuple[Deployment, str]:
    async with running_devnet(cache=cache) as chain, open_rpc(chain.anvil.http_url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
        return chain.deployment, head.hash


def cut_short(cache: Path, pattern: str) -> None:
    (damaged,) = cache.glob(f"*/{pattern}")
    damaged.write_bytes(damaged.read_bytes()[:1_000])


def kept_in(cache: Path) -> list[Path]:
    return list(cache.iterdir())


@pytest.mark.parametrize("pattern", ["state-*.json", "manifest.json"])
async def test_damaged_cache_is_built_again(tmp_path: Path, pattern: str) -> None:
    whole = await head_of(tmp_path)
    cut_short(tmp_path, pattern)

    assert await head_of(tmp_path) == whole


async def test_another_chain_id_is_kept_apart(tmp_path: Path) -> None:
    plan = replace(DEFAULT_PLAN, pools=DEFAULT_PLAN.pools[:1])
    chain_ids = []

    for chain_id in (1, 2):
        options = AnvilOptions(chain_id=chain_id)
        async with running_devnet(options, plan=plan, cache=tmp_path) as chain:
            chain_ids.append(chain.deployment.chain_id)

    assert chain_ids == [1, 2]
    assert len(kept_in(tmp_path)) == 2
