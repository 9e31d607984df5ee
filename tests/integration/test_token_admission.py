"""Trials of real and of hostile tokens on a real node: who may be traded, and why others not."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from graphs.units import Address
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import open_rpc
from searcher.adapters.token_gate import TokenGate
from searcher.adapters.token_identity import IMPLEMENTATION_SLOTS
from searcher.adapters.token_probe import TokenTrial, Trader, load_probe
from searcher.model import Block
from searcher.settings.admission import AdmissionSettings
from searcher.token_admission import TAXING, TokenReason
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.artifacts import ContractCode
from sims.devnet.cache import devnet
from sims.devnet.deployer import Deployer
from sims.devnet.deployment import Deployment
from tests.integration.token_doubles import compile_tokens
from tests.searcher.records import BLOCK

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

HELD = 10**24
NOBODY = Address("0x" + "0b" * 20)
COINBASE = Address("0x" + "c0" * 20)


@dataclass(frozen=True, kw_only=True)
class Trials:
    """A devnet, and what a gate on it needs."""

    deployer: Deployer
    deployment: Deployment
    codes: dict[str, ContractCode]

    @property
    def pool(self) -> Address:
        return self.deployment.pools[0].address

    def gate(self, **settings: object) -> TokenGate:
        trial = TokenTrial(
            multicall=Multicall(rpc=self.deployer.rpc, address=self.deployment.multicall3),
            trader=Trader(
                executor=self.deployment.executor, account=self.deployment.trading_account
            ),
            settings=AdmissionSettings.model_validate(settings),
            code=load_probe(),
        )
        return TokenGate(trial, self.holders)

    def holders(self, token: Address) -> Sequence[Address]:
        real = [pool.address for pool in self.deployment.pools if token in pool.tokens]
        return real or [self.pool]

    async def head(self) -> Block:
        header = decode_header(
            await self.deployer.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY)
        )
        return replace(BLOCK, number=header.number, hash=header.hash)

    async def token(self, name: str) -> Address:
        token = await self.deployer.deploy(self.codes[name])
        await self.deployer.call(token, "mint(address,uint256)", self.pool, HELD)
        return token


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trials() -> AsyncIterator[Trials]:
    async with devnet() as net, open_rpc(net.anvil.http_url) as rpc:
        deployer = Deployer(
            rpc,
            address=public_address(DEPLOYER),
            timestamp_s=net.deployment.head_timestamp_s,
        )
        await rpc.call("anvil_setCoinbase", COINBASE)
        await deployer.mine()
        yield Trials(deployer=deployer, deployment=net.deployment, codes=compile_tokens())


async def test_every_token_of_the_devnet_is_admitted(trials: Trials) -> None:
    gate = trials.gate()
    tokens = [token.address for token in trials.deployment.tokens]
    assert await gate.refusal(tokens, await trials.head()) is None
    assert gate.counts == {"trials": len(tokens), "changes": 0, "admitted": len(tokens)}
    assert gate.taxed == frozenset()


PREY: dict[str, dict[str, TokenReason | None]] = {
    "pool": {
        "HoneypotToken": TokenReason.HONEYPOT,
        "SmallSalesToken": TokenReason.SMALL_AMOUNTS_ONLY,
    },
    "executor": {
        "TransferFeeToken": TokenReason.FEE_ON_TRANSFER,
        "PausedToken": TokenReason.PAUSED,
        "BlocklistToken": TokenReason.BLOCKLISTED,
        "SalmonellaToken": TokenReason.MOVES_LESS,
        "RebasingToken": TokenReason.REBASES,
        "MaxBalanceToken": TokenReason.FEE_ON_TRANSFER,
        "ShrinkingToken": TokenReason.FEE_ON_TRANSFER,
        "WholeBalanceToken": None,
        "CoinbaseToken": TokenReason.PAUSED,
        "GasToken": TokenReason.PAUSED,
        "VerboseToken": None,
        "ThiefToken": TokenReason.SENDER_FEE,
        "DearToken": TokenReason.COSTLY,
        "SecretToken": TokenReason.WITHOUT_BALANCES,
        "NonsenseToken": TokenReason.NONSENSE_RETURN,
    },
    "coinbase": {"CoinbaseToken": TokenReason.EVASIVE},
}


@pytest.mark.parametrize(
    "case", [(prey, *item) for prey, names in PREY.items() for item in names.items()]
)
async def test_toxic_token_is_refused_by_name(
    trials: Trials, case: tuple[str, str, TokenReason | None]
) -> None:
    prey, name, reason = case
    gate, token = trials.gate(), await trials.token(name)
    assert await gate.refusal([token], await trials.head()) is None
    accounts = {
        "pool": trials.pool,
        "executor": trials.deployment.executor,
        "coinbase": COINBASE,
    }
    await trials.deployer.call(token, "arm(address)", accounts[prey])
    armed = trials.gate()
    expected = reason and f"{token}: {reason}"
    assert await armed.refusal([token], await trials.head()) == expected
    assert armed.taxed == (frozenset({token}) if reason in TAXING else frozenset())


@pytest.mark.parametrize(
    "case",
    [
        ("FeeToken", "", TokenReason.FEE_ON_TRANSFER),
        ("FalseReturnToken", "refuse(address)", TokenReason.FALSE_RETURN),
        ("MuteToken", "refuse(address)", TokenReason.HONEYPOT),
        ("NoReturnToken", "", None),
        ("StickyAllowanceToken", "", None),
        ("ReentrantToken", "", None),
    ],
)
async def test_hostile_token_is_refused_by_name(
    trials: Trials, case: tuple[str, str, TokenReason | None]
) -> None:
    name, armed, reason = case
    token = await trials.token(name)
    if armed:
        await trials.deployer.call(token, armed, trials.deployment.executor)
    refusal = await trials.gate().refusal([token], await trials.head())
    assert refusal == (reason and f"{token}: {reason}")


async def test_fee_for_one_sender_to_one_pool_is_seen(trials: Trials) -> None:
    token = await trials.token("SenderFeeToken")
    await trials.deployer.call(
        token, "charge(address,address)", trials.deployment.executor, trials.pool
    )
    refusal = await trials.gate().refusal([token], await trials.head())
    assert refusal == f"{token}: {TokenReason.SENDER_FEE}"


async def test_nothing_there_and_nothing_held(trials: Trials) -> None:
    gate, head = trials.gate(), await trials.head()
    unheld = await trials.deployer.deploy(trials.codes["NoReturnToken"])
    assert await gate.refusal([NOBODY], head) == f"{NOBODY}: {TokenReason.NO_CODE}"
    head = await trials.head()
    assert await gate.refusal([unheld], head) == f"{unheld}: {TokenReason.NO_HOLDER}"


async def test_token_is_tried_again_when_it_is_due_and_not_before(trials: Trials) -> None:
    gate, token = trials.gate(retry_blocks=3), await trials.token("PausedToken")
    head = await trials.head()
    assert await gate.refusal([token], head) is None
    await trials.deployer.call(token, "arm(address)", NOBODY)
    assert await gate.refusal([token], await trials.head()) is None
    for _ in range(2):
        await trials.deployer.mine()
    assert await gate.refusal([token], await trials.head()) == f"{token}: {TokenReason.PAUSED}"
    assert gate.counts["trials"] == 2


async def test_other_code_is_another_token_for_good(trials: Trials) -> None:
    gate, token = trials.gate(retry_blocks=1), await trials.token("NoReturnToken")
    rpc = trials.deployer.rpc
    assert await gate.refusal([token], await trials.head()) is None
    await rpc.call(
        "anvil_setStorageAt", token, IMPLEMENTATION_SLOTS[0], "0x" + NOBODY[2:].rjust(64, "0")
    )
    await trials.deployer.mine()
    changed = f"{token}: {TokenReason.CHANGED}"
    assert await gate.refusal([token], await trials.head()) == changed
    await rpc.call("anvil_setStorageAt", token, IMPLEMENTATION_SLOTS[0], "0x" + "00" * 32)
    await trials.deployer.mine()
    await gate.refusal([token], await trials.head())
    assert gate.counts["changes"] == 1


async def test_block_that_the_node_no_longer_has_proves_nothing(trials: Trials) -> None:
    gate, weth = trials.gate(), trials.deployment.weth
    stranger = replace(await trials.head(), hash="0x" + "0e" * 32)
    assert await gate.refusal([weth], stranger) == f"{weth}: {TokenReason.UNPROVEN}"
    assert await gate.refusal([weth], await trials.head()) is None
