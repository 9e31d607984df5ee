"""What a pool trades, and whether its factory knows it: asked once, before anything of its state.

A pool is vouched for by an address that follows from its factory's code (CREATE2) where that code's
hash is known, else by asking the factory for the pool of those tokens. One that fails is a
look-alike, whoever announced it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from eth_utils.crypto import keccak

from graphs.pools.curve import MAX_TOKENS, MIN_TOKENS
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    ADDRESS_BYTES,
    WORD_BYTES,
    decode_address,
    decode_bool,
    encode_address,
    encode_word,
    selector,
)
from searcher.adapters.created_pools import (
    BALANCER_KINDS,
    NOWHERE,
    CreatedPool,
    Factory,
    PoolKind,
    Refusal,
)
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import (
    Answers,
    Stage,
    StateBlock,
    UnfitPoolError,
    decode_addresses,
    given,
)

TOKEN0: Final = selector("token0()")
TOKEN1: Final = selector("token1()")
STABLE: Final = selector("stable()")
GET_POOL_ID: Final = selector("getPoolId()")
GET_POOL_TOKENS: Final = selector("getPoolTokens(bytes32)")
COINS: Final = selector("coins(uint256)")

LOOK_ALIKE: Final = "its factory does not know it"

_LOOKUPS: Final[Mapping[PoolKind, bytes]] = {
    "uniswap_v2": selector("getPair(address,address)"),
    "uniswap_v3": selector("getPool(address,address,uint24)"),
    "solidly": selector("getPool(address,address,bool)"),
}


def derived_address(created: CreatedPool, init_code_hash: str) -> Address:
    """Where the factory's CREATE2 puts the pool (EIP-1014): the salt hashes what it trades."""
    tokens = [bytes.fromhex(token[2:]) for token in created.tokens]
    match created.kind:
        case "uniswap_v2":
            salt = keccak(b"".join(tokens))
        case "solidly":
            salt = keccak(b"".join(tokens) + bytes([created.is_stable]))
        case _:
            words = (*map(encode_address, created.tokens), encode_word(created.fee_pips))
            salt = keccak(b"".join(words))
    digest = keccak(
        b"\xff" + bytes.fromhex(created.factory[2:]) + salt + bytes.fromhex(init_code_hash[2:])
    )
    return Address("0x" + digest[-ADDRESS_BYTES:].hex())


async def identify(
    block: StateBlock, created: Sequence[CreatedPool], factories: Mapping[Address, Factory]
) -> tuple[list[CreatedPool], list[Refusal]]:
    """Every pool with its id and tokens, in the same order, and those that are not what they seem.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    places = {pool.contract: place for place, pool in enumerate(created)}
    by_kind = defaultdict[str, list[CreatedPool]](list)
    for pool in created:
        by_kind[_way(pool)].append(pool)
    held, unheld = await _IDS.run(block, by_kind["held"])
    listed, unread = await _HELD.run(block, held)
    coined, uncoined = await _COINED.run(block, by_kind["coined"])
    paired, unpaired = await _PAIRED.run(block, by_kind["bare"])
    vouched, unknown = await _vouched(block, [*by_kind["named"], *paired], factories)
    found = [*listed, *coined, *vouched]
    # Pools of the PoolManager share its address; sorting keeps their own order.
    found.sort(key=lambda pool: places[pool.contract])
    return [*found, *by_kind["trusted"]], [*unheld, *unread, *uncoined, *unpaired, *unknown]


def _way(created: CreatedPool) -> str:
    """How the pool is identified."""
    if created.kind in BALANCER_KINDS:
        return "held"
    if created.kind == "curve":
        return "coined"
    if not created.tokens:
        return "bare"
    return "named" if created.kind in _LOOKUPS else "trusted"


async def _vouched(
    block: StateBlock, created: Sequence[CreatedPool], factories: Mapping[Address, Factory]
) -> tuple[list[CreatedPool], list[Refusal]]:
    """Those that are where their factory's code puts them, or that it knows when asked."""
    unsure: list[CreatedPool] = []
    known: list[CreatedPool] = []
    refused: list[Refusal] = []
    for pool in created:
        init_code_hash = factories[pool.factory].init_code_hash
        if not init_code_hash:
            unsure.append(pool)
        elif derived_address(pool, init_code_hash) == pool.contract:
            known.append(pool)
        else:
            refused.append(Refusal(pool_id=pool.id, reason=LOOK_ALIKE))
    asked, unknown = await _LOOKED_UP.run(block, unsure)
    return [*known, *asked], [*refused, *unknown]


def _ask_id(created: CreatedPool) -> list[Call]:
    return [Call(to=created.contract, data=GET_POOL_ID)]


def _with_id(created: CreatedPool, answers: Answers) -> CreatedPool:
    """The id begins with the pool's address, which is how the Vault makes it."""
    pool_id = given(answers[0], "getPoolId")
    if len(pool_id) != WORD_BYTES or not pool_id.hex().startswith(created.contract[2:]):
        raise UnfitPoolError("its id is not its own")
    return replace(created, id=PoolId("0x" + pool_id.hex()))


def _ask_held(created: CreatedPool) -> list[Call]:
    return [Call(to=created.keeper, data=GET_POOL_TOKENS + bytes.fromhex(created.id[2:]))]


def _with_held(created: CreatedPool, answers: Answers) -> CreatedPool:
    """Without the pool's own share, which composable pools list too."""
    assets = decode_addresses(given(answers[0], "getPoolTokens"), 0, "getPoolTokens")
    if not assets:
        raise UnfitPoolError("it has no tokens")
    tokens = tuple(asset for asset in assets if asset != created.contract)
    return replace(created, tokens=tokens)


def _ask_coins(created: CreatedPool) -> list[Call]:
    return [
        Call(to=created.contract, data=COINS + encode_word(index)) for index in range(MAX_TOKENS)
    ]


def _with_coins(created: CreatedPool, answers: Answers) -> CreatedPool:
    """The first question without an answer, or with nobody for one, ends the list."""
    coins: list[Address] = []
    for answer in answers:
        coin = NOWHERE if answer is None else decode_address(answer, 0, field="coins")
        if coin == NOWHERE:
            break
        coins.append(coin)
    if len(coins) < MIN_TOKENS:
        raise UnfitPoolError("it does not name its coins")
    return replace(created, tokens=tuple(coins))


def _ask_pair(created: CreatedPool) -> list[Call]:
    views = (TOKEN0, TOKEN1, STABLE) if created.kind == "solidly" else (TOKEN0, TOKEN1)
    return [Call(to=created.contract, data=view) for view in views]


def _with_pair(created: CreatedPool, answers: Answers) -> CreatedPool:
    token0, token1 = (
        decode_address(given(answer, field), 0, field=field)
        for answer, field in zip(answers[:2], ("token0", "token1"), strict=True)
    )
    is_stable = created.kind == "solidly" and decode_bool(
        given(answers[-1], "stable"), 0, field="stable"
    )
    return replace(created, tokens=(token0, token1), is_stable=is_stable)


def look_up(created: CreatedPool) -> list[Call]:
    """What the factory is asked: the pool of these tokens and terms."""
    terms = b"".join(map(encode_address, created.tokens))
    if created.kind == "uniswap_v3":
        terms += encode_word(created.fee_pips)
    elif created.kind == "solidly":
        terms += encode_word(int(created.is_stable))
    return [Call(to=created.factory, data=_LOOKUPS[created.kind] + terms)]


def _found(created: CreatedPool, answers: Answers) -> CreatedPool:
    field = "look-up"
    if decode_address(given(answers[0], field), 0, field=field) != created.contract:
        raise UnfitPoolError(LOOK_ALIKE)
    return created


_ID: Final = attrgetter("id")
_IDS: Final = Stage(pool_id=_ID, calls=_ask_id, make=_with_id)
_HELD: Final = Stage(pool_id=_ID, calls=_ask_held, make=_with_held)
_COINED: Final = Stage(pool_id=_ID, calls=_ask_coins, make=_with_coins)
_PAIRED: Final = Stage(pool_id=_ID, calls=_ask_pair, make=_with_pair)
_LOOKED_UP: Final = Stage(pool_id=_ID, calls=look_up, make=_found)
