"""WETH9, the plan's tokens, and enough of them for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphs.tokens import Token
from graphs.units import WEI_PER_ETHER, Address
from sims.devnet.artifacts import ContractCode, load_code
from sims.devnet.deployer import Call, Deployer
from sims.devnet.plan import Plan

WETH9: Final = "canonical-weth/build/contracts/WETH9.json"
WETH_DECIMALS: Final = 18
MAX_UINT256: Final = 2**256 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """The tokens of a chain with the prices they were planned at."""

    by_symbol: Mapping[str, Token]
    """WETH first."""

    prices_wei: Mapping[str, int]
    """Of a whole token, by symbol."""

    def address(self, symbol: str) -> Address:
        """Where the token lives."""
        return self.by_symbol[symbol].address

    def amount(self, symbol: str, worth_wei: int) -> int:
        """Raw units worth that much."""
        scale: int = 10 ** self.by_symbol[symbol].decimals
        return worth_wei * scale // self.prices_wei[symbol]


async def deploy_tokens(deployer: Deployer, plan: Plan, token_code: ContractCode) -> TokenSet:
    """Deploy WETH9 and every token of the plan.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    weth = await deployer.deploy(load_code(WETH9))
    tokens = {"WETH": Token(address=weth, symbol="WETH", decimals=WETH_DECIMALS)}
    for token in plan.tokens:
        address = await deployer.deploy(token_code, token.name, token.symbol, token.decimals)
        tokens[token.symbol] = Token(address=address, symbol=token.symbol, decimals=token.decimals)
    prices_wei = {token.symbol: token.price_wei for token in plan.tokens}
    return TokenSet(by_symbol=tokens, prices_wei={"WETH": WEI_PER_ETHER, **prices_wei})


async def fund(
    deployer: Deployer, tokens: TokenSet, holders: tuple[Address, ...], *, worth_wei: int
) -> None:
    """Give every holder that much of every token.

    Raises:
        DeploymentError: it cannot.
    """
    for holder in holders:
        await deployer.rpc.call("anvil_setBalance", holder, hex(2 * worth_wei))
    weth = tokens.address("WETH")
    deposits = [
        Call(to=weth, signature="deposit()", value_wei=worth_wei, sender=holder)
        for holder in holders
    ]
    mints = [
        Call(
            to=token.address,
            signature="mint(address,uint256)",
            arguments=(holder, tokens.amount(symbol, worth_wei)),
        )
        for symbol, token in tokens.by_symbol.items()
        if symbol != "WETH"
        for holder in holders
    ]
    await deployer.send(*deposits, *mints)


async def approve(
    deployer: Deployer,
    tokens: TokenSet,
    *,
    holders: tuple[Address, ...],
    spenders: tuple[Address, ...],
) -> None:
    """Let the spenders take every token of the holders.

    Raises:
        DeploymentError: it cannot.
    """
    calls = [
        Call(
            to=token.address,
            signature="approve(address,uint256)",
            arguments=(spender, MAX_UINT256),
            sender=holder,
        )
        for holder in holders
        for token in tokens.by_symbol.values()
        for spender in spenders
    ]
    await deployer.send(*calls)
