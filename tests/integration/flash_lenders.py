"""Every flash lender on one local chain, and a borrower that repays what it is told.

The requests are written here once more, apart from the executor's: what a lender takes is its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.decoding import HEADER_ONLY
from searcher.adapters.lenders import decode_lenders, desk_calls, resolve_desks
from searcher.adapters.lending_desk import LenderSource
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import open_rpc
from searcher.flash_lenders import Lender, LenderKind
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.balancer_v3 import deploy_balancer_v3
from sims.devnet.cache import devnet
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.deployment import Deployment
from sims.devnet.package_sources import SourceSet, compile_sources
from sims.devnet.plan import PANCAKESWAP, UNISWAP_V2, UNISWAP_V3
from sims.devnet.solo import deploy_solo
from tests.integration.real_exchanges import Chain

BORROWER: Final = SourceSet(paths=("devnet/doubles/FlashBorrower.sol",))
BORROW: Final = "borrow(bytes,address,address,uint256,uint256)"
AAVE_FLASH: Final = "flashLoanSimple(address,address,uint256,bytes,uint16)"
BALANCER_V2_FLASH: Final = "flashLoan(address,address[],uint256[],bytes)"
PAIR_FLASH: Final = "swap(uint256,uint256,address,bytes)"
POOL_FLASH: Final = "flash(address,uint256,uint256,bytes)"
UNLOCK: Final = "unlock(bytes)"
SOLO_OPERATE: Final = (
    "operate((address,uint256)[],(uint8,uint256,(bool,uint8,uint8,uint256),"
    "uint256,uint256,address,uint256,bytes)[])"
)
DEPTH: Final = 1_000 * WEI_PER_ETHER
WETH_BALANCES_SLOT: Final = 3
"""Of WETH9."""

DEPOSIT, WITHDRAW, CALL = 0, 1, 8
"""Actions.ActionType of dYdX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashChain:
    """What stands on the chain."""

    chain: Chain
    deployment: Deployment
    borrower: Address
    sources: dict[str, LenderSource]
    """By a name for the test."""

    async def lenders(self, names: Sequence[str] | None = None) -> dict[str, Lender]:
        """What the adapters read at the head."""
        chosen = list(self.sources) if names is None else names
        multicall = Multicall(rpc=self.chain.rpc, address=self.deployment.multicall3)
        head = await self.chain.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY)
        assert isinstance(head, dict)
        desks = await resolve_desks(
            multicall,
            sources=[self.sources[name] for name in chosen],
            assets=[self.deployment.weth],
            block_hash=head["hash"],
        )
        answers = await multicall.aggregate(desk_calls(desks), head["hash"])
        return dict(zip(chosen, decode_lenders(desks, answers), strict=True))

    async def spent(self, terms: Sequence[tuple[str, int, int]]) -> list[int | None]:
        """What loans of an amount repaid with a fee cost, by name; None where they fail."""
        questions = [
            (self.borrower, self.borrowing(name, amount, fee=fee)) for name, amount, fee in terms
        ]
        answers = await self.chain.ask(questions)
        return [int.from_bytes(answer) if answer else None for answer in answers]

    def borrowing(self, name: str, amount: int, *, fee: int) -> bytes:
        """Calldata that makes the borrower borrow and repay so much more."""
        source, weth = self.sources[name], self.deployment.weth
        request = self._request(name, amount, repaid=amount + fee)
        return encode_call(BORROW, request, source.address, weth, amount, amount + fee)

    def _request(self, name: str, amount: int, *, repaid: int) -> bytes:
        weth, me = self.deployment.weth, self.borrower
        call: tuple[Any, ...]
        match self.sources[name].kind:
            case LenderKind.AAVE_V3:
                call = (AAVE_FLASH, me, weth, amount, b"", 0)
            case LenderKind.BALANCER_V2:
                call = (BALANCER_V2_FLASH, me, [weth], [amount], b"")
            case LenderKind.BALANCER_V3:
                call = (UNLOCK, encode_call("borrowUnlocked()"))
            case LenderKind.UNISWAP_V2:
                call = (PAIR_FLASH, *self._by_side(name, amount), me, b"1")
            case LenderKind.UNISWAP_V3:
                call = (POOL_FLASH, me, *self._by_side(name, amount), b"")
            case LenderKind.UNISWAP_V4:
                call = (UNLOCK, b"")
            case _:
                call = (SOLO_OPERATE, [(me, 1)], solo_actions(me, amount, repaid=repaid))
        return encode_call(*call)

    def _by_side(self, name: str, amount: int) -> tuple[int, int]:
        pool = next(
            pool for pool in self.deployment.pools if pool.address == self.sources[name].address
        )
        return (amount, 0) if pool.tokens[0] == self.deployment.weth else (0, amount)

    async def drain(self, holder: Address) -> None:
        """Take all WETH away from an account."""
        await self._set_weth(holder, 0)

    async def give(self, holder: Address, amount: int) -> None:
        """Let an account have that much WETH."""
        await self._set_weth(holder, amount)

    async def _set_weth(self, holder: Address, amount: int) -> None:
        slot = keccak(encode(["address", "uint256"], [holder, WETH_BALANCES_SLOT])).hex()
        word = f"0x{amount:064x}"
        await self.chain.rpc.call("anvil_setStorageAt", self.deployment.weth, f"0x{slot}", word)


def solo_actions(borrower: Address, amount: int, *, repaid: int) -> list[tuple[object, ...]]:
    """Withdraw, call, deposit, on market 0."""
    return [
        (kind, 0, (kind == DEPOSIT, 0, 0, value), 0, 0, borrower, 0, b"")
        for kind, value in ((WITHDRAW, amount), (CALL, 0), (DEPOSIT, repaid))
    ]


@asynccontextmanager
async def flash_chain() -> AsyncIterator[FlashChain]:
    """The local chain of the demonstration, and the lenders that it lacks."""
    async with devnet() as net, open_rpc(net.anvil.http_url, timeout_seconds=60) as rpc:
        deployment = net.deployment
        deployer = Deployer(
            rpc, address=public_address(DEPLOYER), timestamp_s=deployment.head_timestamp_s
        )
        chain = Chain(deployer, net.anvil.http_url)
        borrower = await chain.deploy(compile_sources(BORROWER)["FlashBorrower"])
        built = FlashChain(
            chain=chain,
            deployment=deployment,
            borrower=borrower,
            sources=_pools(deployment) | await _vaults(chain, deployment, borrower),
        )
        await built.give(borrower, DEPTH)
        yield built


def _pools(deployment: Deployment) -> dict[str, LenderSource]:
    chosen = {}
    for venue, kind in (
        (UNISWAP_V2, LenderKind.UNISWAP_V2),
        (PANCAKESWAP, LenderKind.UNISWAP_V2),
        (UNISWAP_V3, LenderKind.UNISWAP_V3),
    ):
        for pool in deployment.pools:
            if pool.venue == venue and deployment.weth in pool.tokens:
                chosen[f"{venue} {pool.fee_pips}"] = LenderSource(
                    kind=kind,
                    address=pool.address,
                    fee_pips=pool.fee_pips,
                    factories=tuple(
                        factory.address
                        for factory in deployment.factories
                        if factory.kind == "uniswap_v3"
                    ),
                )
    return chosen


async def _vaults(
    chain: Chain, deployment: Deployment, borrower: Address
) -> dict[str, LenderSource]:
    weth = deployment.weth
    solo = await deploy_solo(chain, (weth,))
    vault = await deploy_balancer_v3(chain)
    for lender in (solo, vault):
        await chain.call(weth, "transfer(address,uint256)", lender, DEPTH)
    donation = encode_call(UNLOCK, encode_call("donateUnlocked()"))
    await chain.call(borrower, BORROW, donation, vault, weth, 0, 0)
    addresses = {LenderKind.DYDX_SOLO: solo, LenderKind.BALANCER_V3: vault} | {
        entry.kind: entry.address
        for entry in deployment.lenders
        if entry.kind is not LenderKind.UNISWAP_V3
    }
    return {
        kind.value: LenderSource(kind=kind, address=address) for kind, address in addresses.items()
    }
