"""A contract that is placed is what it would have been, had it been deployed there."""

import pytest
from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import AnvilOptions, running_anvil
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Deployer
from sims.devnet.plan import GENESIS_TIMESTAMP_S
from sims.devnet.tokens import WETH9
from sims.devnet.uniswap import V2_FACTORY, V2_PAIR, V2_ROUTER, V3_FACTORY

pytestmark = pytest.mark.anvil

FACTORY = Address("0x" + "f2" * 20)
ROUTER = Address("0x" + "42" * 20)
CONCENTRATED = Address("0x" + "f3" * 20)
LOW, HIGH = Address("0x" + "01" * 20), Address("0x" + "02" * 20)
PLACES = {
    "UniswapV2Factory": FACTORY,
    "UniswapV2Router02": ROUTER,
    "UniswapV3Factory": CONCENTRATED,
}


async def test_placed_contracts_have_code_storage_and_immutables_of_their_own() -> None:
    owner = public_address(DEPLOYER)
    options = AnvilOptions(timestamp_s=GENESIS_TIMESTAMP_S, genesis_block=5_000_000)
    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        ordinary = Deployer(rpc, address=owner, timestamp_s=GENESIS_TIMESTAMP_S)
        weth = await ordinary.deploy(load_code(WETH9))
        elsewhere = await ordinary.deploy(load_code(V2_ROUTER), FACTORY, weth)
        placing = Deployer(rpc, address=owner, timestamp_s=ordinary.timestamp_s, places=PLACES)

        placed = [
            await placing.deploy(load_code(V2_FACTORY), owner),
            await placing.deploy(load_code(V2_ROUTER), FACTORY, weth),
            await placing.deploy(load_code(V3_FACTORY)),
        ]
        await placing.call(FACTORY, "createPair(address,address)", LOW, HIGH)
        await placing.call(CONCENTRATED, "createPool(address,address,uint24)", LOW, HIGH, 500)
        codes = await rpc.batch([("eth_getCode", (one, "latest")) for one in (ROUTER, elsewhere)])
        setter = await placing.read_address(FACTORY, "feeToSetter()")
        pair = await placing.read_address(FACTORY, "getPair(address,address)", LOW, HIGH)
        head = await rpc.call("eth_blockNumber")

    assert placed == [FACTORY, ROUTER, CONCENTRATED]
    assert codes[0] == codes[1]
    assert setter == owner
    assert pair == _created_by(FACTORY, load_code(V2_PAIR).creation_code)
    assert int(str(head), 16) == 5_000_007


def _created_by(factory: Address, creation_code: bytes) -> Address:
    """EIP-1014, with the salt of UniswapV2Factory."""
    salt = keccak(bytes.fromhex(LOW[2:] + HIGH[2:]))
    digest = keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(creation_code))
    return Address("0x" + digest[12:].hex())
