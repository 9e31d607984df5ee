"""The state of the pools that Balancer's Vault holds: weighted, stable and composable stable.

The Vault answers with the balances, the pool with its own terms. A pool some of whose tokens a
manager has taken away, or that is paused, is refused: it cannot trade what it shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.stable import StablePool
from graphs.pools.weighted import MAX_DECIMALS, WeightedPool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    WORD_BITS,
    decode_bool,
    decode_unsigned,
    encode_address,
    selector,
)
from searcher.adapters.created_pools import CreatedPool, Refusal
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import (
    Answers,
    Stage,
    StateBlock,
    UnfitPoolError,
    decode_addresses,
    decode_words,
    given,
)
from searcher.errors import WireError

GET_POOL_TOKENS: Final = selector("getPoolTokens(bytes32)")
GET_POOL_TOKEN_INFO: Final = selector("getPoolTokenInfo(bytes32,address)")
GET_SWAP_FEE: Final = selector("getSwapFeePercentage()")
GET_PAUSED_STATE: Final = selector("getPausedState()")
GET_NORMALIZED_WEIGHTS: Final = selector("getNormalizedWeights()")
GET_AMPLIFICATION: Final = selector("getAmplificationParameter()")
GET_SCALING_FACTORS: Final = selector("getScalingFactors()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A pool with what is known of its tokens."""

    created: CreatedPool
    """As its factory announced it."""

    decimals: tuple[int, ...]
    """Parallel to its tokens."""

    @property
    def id(self) -> PoolId:
        """Its id."""
        return self.created.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPool:
    """A stable pool, and whether its state changes without events."""

    pool: StablePool
    """Its state."""

    is_restless: bool
    """Whether its amplification is changing, or its tokens have rates: read at every block."""


def _common_calls(described: Described) -> list[Call]:
    created = described.created
    pool_id = bytes.fromhex(created.id[2:])
    infos = [
        Call(to=created.keeper, data=GET_POOL_TOKEN_INFO + pool_id + encode_address(token))
        for token in created.tokens
    ]
    return [
        Call(to=created.keeper, data=GET_POOL_TOKENS + pool_id),
        Call(to=created.contract, data=GET_SWAP_FEE),
        Call(to=created.contract, data=GET_PAUSED_STATE),
        *infos,
    ]


def _common_count(described: Described) -> int:
    return 3 + len(described.created.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What every pool of the Vault has."""

    assets: tuple[Address, ...]
    balances: tuple[int, ...]
    swap_fee: int


def _common(described: Described, answers: Answers) -> _Common:
    created = described.created
    held, fee, paused, *infos = answers[: _common_count(described)]
    if decode_bool(given(paused, "getPausedState"), 0, field="getPausedState"):
        raise UnfitPoolError("it is paused")
    for info in infos:
        managed = given(info, "getPoolTokenInfo")
        if decode_unsigned(managed, 1, bits=WORD_BITS, field="getPoolTokenInfo"):
            raise UnfitPoolError("a manager has taken some of its tokens")
    answer = given(held, "getPoolTokens")
    balances = dict(
        zip(
            decode_addresses(answer, 0, "getPoolTokens"),
            decode_words(answer, 1, "getPoolTokens"),
            strict=False,
        )
    )
    if not set(created.tokens) <= balances.keys():
        raise WireError("getPoolTokens", "not the tokens of the pool")
    return _Common(
        assets=tuple(balances),
        balances=tuple(balances[token] for token in created.tokens),
        swap_fee=decode_unsigned(
            given(fee, "getSwapFeePercentage"), 0, bits=WORD_BITS, field="getSwapFeePercentage"
        ),
    )


def _weighted_calls(described: Described) -> list[Call]:
    weights = Call(to=described.created.contract, data=GET_NORMALIZED_WEIGHTS)
    return [*_common_calls(described), weights]


def _weighted(described: Described, answers: Answers) -> WeightedPool:
    created, common = described.created, _common(described, answers)
    weights = given(answers[-1], "getNormalizedWeights")
    return WeightedPool(
        id=created.id,
        venue=created.venue,
        tokens=created.tokens,
        balances=common.balances,
        weights=tuple(decode_words(weights, 0, "getNormalizedWeights")),
        decimals=described.decimals,
        swap_fee=common.swap_fee,
        has_exact_powers=created.kind != "balancer_weighted_v1",
    )


def _stable_calls(described: Described) -> list[Call]:
    contract = described.created.contract
    return [
        *_common_calls(described),
        Call(to=contract, data=GET_AMPLIFICATION),
        Call(to=contract, data=GET_SCALING_FACTORS),
    ]


def _stable(described: Described, answers: Answers) -> ReadPool:
    """The first stable pools do not tell their scaling factors; their tokens have no rates."""
    created, common = described.created, _common(described, answers)
    amplification, scales = answers[-2:]
    answer = given(amplification, "getAmplificationParameter")
    if max(described.decimals) > MAX_DECIMALS:
        raise UnfitPoolError(f"decimals of {described.decimals}")
    plain = tuple(10 ** (MAX_DECIMALS - places) * ONE for places in described.decimals)
    factors = plain if scales is None else _factors(created, common, scales)
    pool = StablePool(
        id=created.id,
        venue=created.venue,
        tokens=created.tokens,
        balances=common.balances,
        scaling_factors=factors,
        amplification=decode_unsigned(answer, 0, bits=WORD_BITS, field="amplification"),
        swap_fee=common.swap_fee,
        rounds_invariant_up=created.kind == "balancer_stable",
    )
    is_updating = decode_bool(answer, 1, field="getAmplificationParameter")
    return ReadPool(pool=pool, is_restless=is_updating or factors != plain)


def _factors(created: CreatedPool, common: _Common, answer: bytes) -> tuple[int, ...]:
    """Parallel to the Vault's list, which holds the pool's own share as well."""
    words = decode_words(answer, 0, "getScalingFactors")
    if len(words) != len(common.assets):
        raise WireError("getScalingFactors", "not one for each token")
    factors = dict(zip(common.assets, words, strict=True))
    return tuple(factors[token] for token in created.tokens)


_WEIGHTED: Final = Stage(pool_id=attrgetter("id"), calls=_weighted_calls, make=_weighted)
_STABLE: Final = Stage(pool_id=attrgetter("id"), calls=_stable_calls, make=_stable)


async def read_weighted(
    block: StateBlock, created: Sequence[CreatedPool], tokens: Mapping[Address, Token]
) -> tuple[list[WeightedPool], list[Refusal]]:
    """Balances, weights and fee.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    return await _WEIGHTED.run(block, _described(created, tokens))


async def read_stable(
    block: StateBlock, created: Sequence[CreatedPool], tokens: Mapping[Address, Token]
) -> tuple[list[ReadPool], list[Refusal]]:
    """Balances, amplification, scaling factors and fee.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    return await _STABLE.run(block, _described(created, tokens))


def _described(created: Sequence[CreatedPool], tokens: Mapping[Address, Token]) -> list[Described]:
    return [
        Described(created=pool, decimals=tuple(tokens[token].decimals for token in pool.tokens))
        for pool in created
    ]
