"""What pools answer of their identity and state, as garbage: each is read or refused by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool, Factory, PoolKind
from searcher.adapters.multicall import Call, Multicall
from searcher.adapters.pool_identities import identify
from searcher.adapters.pool_states import read_pools
from searcher.adapters.reading_stage import StateBlock
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError

pytestmark = pytest.mark.slow

FACTORY, CONTRACT, MANAGER, LOW, HIGH = (
    Address("0x" + digits * 20) for digits in ("fa", "c0", "3a", "01", "02")
)
KINDS: tuple[PoolKind, ...] = (
    "uniswap_v2",
    "uniswap_v3",
    "uniswap_v4",
    "solidly",
    "balancer_weighted_v1",
    "balancer_weighted",
    "balancer_stable",
    "balancer_composable",
    "curve",
)
NAMING = {"uniswap_v3", "uniswap_v4"}
TOKENS = {
    address: Token(address=address, symbol="", decimals=decimals)
    for address, decimals in ((LOW, 18), (HIGH, 6))
}
FAMILIAR = (0, 1, 2, 3, 18, 32, 64, 96, 60, 3_000, 10**6, 10**18, 2**96, 2**112, 2**160, 2**255)
"""Words that pass for counts, offsets, fees, prices and units."""


class NoRpc(Rpc):
    """Nobody needs to be asked."""

    @override
    async def call(self, method: str, *params: object) -> object:
        raise RpcError(method=method, node="none", reason="unreachable")

    @override
    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        raise RpcError(method="batch", node="none", reason="unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Babble(Multicall):
    """Answers whatever comes to mind, more often than not in words that look familiar."""

    random: Random

    @override
    async def aggregate(self, calls: Sequence[Call], block_hash: str) -> list[bytes | None]:
        if self.random.randrange(2):
            return [self._answer() for _ in calls]
        # Well-formed throughout, so that what is wrong is the values.
        return [b"".join(self._small().to_bytes(32) for _ in range(12)) for _ in calls]

    def _small(self) -> int:
        return self.random.choice(FAMILIAR[:-3])

    def _answer(self) -> bytes | None:
        kind = self.random.randrange(8)
        if kind == 0:
            return None
        if kind == 1:
            return self.random.randbytes(self.random.randrange(100))
        return b"".join(self._word().to_bytes(32) for _ in range(self.random.choice((1, 4, 7, 12))))

    def _word(self) -> int:
        kind = self.random.randrange(6)
        if kind == 0:
            return self.random.getrandbits(256)
        if kind == 1:
            return int(self.random.choice((LOW, HIGH, CONTRACT)), 16)
        return self.random.choice(FAMILIAR) % 2**256


def created(kind: PoolKind, *, is_named: bool) -> CreatedPool:
    is_long = kind == "uniswap_v4" or kind.startswith("balancer")
    return CreatedPool(
        kind=kind,
        venue="somewhere",
        id=PoolId(CONTRACT + "00" * 12 if is_long else CONTRACT),
        factory=FACTORY,
        keeper=MANAGER if is_long else CONTRACT,
        tokens=(LOW, HIGH) if is_named else (),
        fee_pips=3_000,
        tick_spacing=60,
    )


@pytest.mark.parametrize("kind", KINDS)
@given(random=st.randoms(use_true_random=False))
async def test_state_of_anything_is_read_or_refused(kind: PoolKind, random: Random) -> None:
    block = StateBlock(multicall=Babble(rpc=NoRpc(), address=MANAGER, random=random), hash="0x")
    pool = created(kind, is_named=True)
    reading = await read_pools(block, [pool], TOKENS)
    assert [one.id for one in (*reading.pools,)] + [one.pool_id for one in reading.refused] == [
        pool.id
    ]


@pytest.mark.parametrize(
    "pool",
    [
        *(created(kind, is_named=True) for kind in KINDS),
        # The other factories name the tokens with the pool.
        *(created(kind, is_named=False) for kind in KINDS if kind not in NAMING),
    ],
)
@given(random=st.randoms(use_true_random=False))
async def test_identity_of_anything_is_known_or_refused(pool: CreatedPool, random: Random) -> None:
    block = StateBlock(multicall=Babble(rpc=NoRpc(), address=MANAGER, random=random), hash="0x")
    factory = Factory(kind=pool.kind, venue="somewhere", address=FACTORY)
    found, refused = await identify(block, [pool], {FACTORY: factory})
    assert len(found) + len(refused) == 1
    assert all(len(refusal.reason) > 0 for refusal in refused)
