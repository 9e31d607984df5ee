"""Random calls of real routers, as wallets make them: by hand-written signatures and eth-abi."""

from dataclasses import dataclass
from random import Random
from typing import Final

from eth_abi.abi import encode

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import Address
from searcher.effects.router import Router, RouterKind
from sims.devnet.deployer import encode_call

FOREVER: Final = 2**40
CONTRACT_BALANCE: Final = 2**255
TO_SENDER: Final = "0x" + "0" * 39 + "1"
TO_ROUTER: Final = "0x" + "0" * 39 + "2"


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is sent to a router."""

    name: str
    router: Router
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Draws calls on a market."""

    random: Random
    market: Market
    sender: Address
    weth: Address

    def pools(self, venue: str, token: Address | None = None) -> list[Pool]:
        """The venue's pools, with a token if one is named."""
        return [
            pool
            for pool in self.market.pools.values()
            if pool.venue == venue and (token is None or token in pool.tokens)
        ]

    def path(self, venue: str, *, start: Address | None = None) -> list[tuple[Pool, Address]]:
        """One to three pools, none twice, each with the token that is sold there."""
        first = self.random.choice(self.pools(venue, start))
        token = start or self.random.choice(first.tokens)
        path = [(first, token)]
        for _ in range(self.random.randrange(3)):
            token = next(other for other in path[-1][0].tokens if other != token)
            used = {pool.id for pool, _ in path}
            following = [pool for pool in self.pools(venue, token) if pool.id not in used]
            if not following:
                break
            path.append((self.random.choice(following), token))
        return path

    def amount(self, pool: Pool, token: Address) -> int:
        """From dust to a tenth of the pool."""
        return max(1, depth(pool, token) // int(10 ** self.random.randint(1, 5)))

    def limit(self, quoted: int, *, is_least: bool) -> int:
        """Mostly met; sometimes just not, and sometimes exactly."""
        slack = self.random.choice((quoted, quoted // 100, 1, 0, 0, -1))
        return max(0, quoted - slack if is_least else quoted + slack)


def depth(pool: Pool, token: Address) -> int:
    """What the pool holds of the token, roughly."""
    place = pool.tokens.index(token)
    if isinstance(pool, ConstantProductPool):
        return (pool.reserve0, pool.reserve1)[place]
    assert isinstance(pool, ConcentratedPool)
    root = pool.sqrt_price_x96
    both = pool.liquidity * 2**96 // root, pool.liquidity * root // 2**96
    return both[place] // 10


def tokens_along(path: list[tuple[Pool, Address]]) -> list[Address]:
    """Every token of the path."""
    pool, token = path[-1]
    return [sold for _, sold in path] + [next(t for t in pool.tokens if t != token)]


def packed(path: list[tuple[Pool, Address]], *, is_reversed: bool = False) -> bytes:
    """Tokens and fees as Uniswap V3 packs them."""
    tokens = tokens_along(path)
    fees = [pool.fee_pips for pool, _ in path if isinstance(pool, ConcentratedPool)]
    if is_reversed:
        tokens, fees = tokens[::-1], fees[::-1]
    content = bytes.fromhex(tokens[0][2:])
    for fee, token in zip(fees, tokens[1:], strict=True):
        content += fee.to_bytes(3, "big") + bytes.fromhex(token[2:])
    return content


def quote_out(path: list[tuple[Pool, Address]], amount: int) -> int:
    """What the pools themselves say."""
    tokens = tokens_along(path)
    for place, (pool, token) in enumerate(path):
        amount = pool.amount_out(token, tokens[place + 1], amount)
    return amount


def quote_in(path: list[tuple[Pool, Address]], amount: int) -> int:
    """What the pools themselves say, backwards."""
    tokens = tokens_along(path)
    for place, (pool, token) in reversed(list(enumerate(path))):
        amount = pool.amount_in(token, tokens[place + 1], amount)
    return amount


def v2_call(caller: Caller, router: Router) -> Call:
    """One of the nine functions of Router02."""
    kind = caller.random.randrange(6)
    start = caller.weth if kind in {1, 2} else None
    path = caller.path(router.v2_venue, start=start)
    tokens = tokens_along(path)
    sold = caller.amount(*path[0])
    bought = quote_out(path, sold)
    least = caller.limit(bought, is_least=True)
    most = caller.limit(quote_in(path, bought), is_least=False)
    end = (tokens, caller.sender, FOREVER)
    taxed = caller.random.choice(("", "SupportingFeeOnTransferTokens"))
    value_wei = 0
    arguments: tuple[object, ...]
    if kind == 1:
        types, arguments, value_wei = "ExactETHForTokens" + taxed, (least, *end), sold
    elif kind == 2:
        types, arguments, value_wei = "ETHForExactTokens", (bought, *end), most
    elif kind == 3 and tokens[-1] == caller.weth:
        types, arguments = "ExactTokensForETH" + taxed, (sold, least, *end)
    elif kind == 4 and tokens[-1] == caller.weth:
        types, arguments = "TokensForExactETH", (bought, most, *end)
    elif kind == 5:
        types, arguments = "TokensForExactTokens", (bought, most, *end)
    else:
        types, arguments = "ExactTokensForTokens" + taxed, (sold, least, *end)
    numbers = "uint256," * (len(arguments) - 3)
    signature = f"swap{types}({numbers}address[],address,uint256)"
    return Call(
        name=types,
        router=router,
        data=encode_call(signature, *arguments),
        value_wei=value_wei,
    )


def v3_call(caller: Caller, router: Router) -> Call:
    """A function of SwapRouter or SwapRouter02, in a multicall or alone."""
    is_new = router.kind is RouterKind.SWAP_ROUTER_02
    path = caller.path(router.v3_venue)
    tokens = tokens_along(path)
    sold = caller.amount(*path[0])
    bought = max(1, quote_out(path, sold))
    least = caller.limit(bought, is_least=True)
    most = caller.limit(quote_in(path, bought), is_least=False)
    is_exact_in = caller.random.random() < 0.5
    amounts = (sold, least) if is_exact_in else (bought, most)
    is_kept = tokens[-1] == caller.weth and caller.random.random() < 0.7
    kept = TO_ROUTER if is_new else "0x" + "0" * 40
    recipient = kept if is_kept else caller.sender
    deadline, deadline_type = ((), "") if is_new else ((FOREVER,), "uint256,")
    side = "In" if is_exact_in else "Out"
    if len(path) == 1:
        pool = path[0][0]
        assert isinstance(pool, ConcentratedPool)
        name = f"exact{side}putSingle"
        data = encode_call(
            f"{name}((address,address,uint24,address,{deadline_type}uint256,uint256,uint160))",
            (*tokens, pool.fee_pips, recipient, *deadline, *amounts, price_limit(caller, path)),
        )
    else:
        name = f"exact{side}put"
        data = encode_call(
            f"{name}((bytes,address,{deadline_type}uint256,uint256))",
            (packed(path, is_reversed=not is_exact_in), recipient, *deadline, *amounts),
        )
    if not is_kept:
        return Call(name=name, router=router, data=data)
    unwrap = encode_call("unwrapWETH9(uint256,address)", min(least, bought), caller.sender)
    if is_new:
        multicall = encode_call("multicall(uint256,bytes[])", FOREVER, [data, unwrap])
    else:
        multicall = encode_call("multicall(bytes[])", [data, unwrap])
    return Call(name=f"multicall {name}", router=router, data=multicall)


def price_limit(caller: Caller, path: list[tuple[Pool, Address]]) -> int:
    """Mostly none; sometimes one that is far away, or in the way."""
    pool, token = path[0]
    assert isinstance(pool, ConcentratedPool)
    move = caller.random.choice((None, None, None, 2, 10_000))
    if move is None:
        return 0
    sign = -1 if token == pool.token0 else 1
    return pool.sqrt_price_x96 + sign * pool.sqrt_price_x96 // move // 2


def new_pairs_call(caller: Caller, router: Router) -> Call:
    """SwapRouter02 at pairs."""
    path = caller.path(router.v2_venue)
    sold = caller.amount(*path[0])
    bought = quote_out(path, sold)
    if caller.random.random() < 0.5:
        name, amounts = "swapExactTokensForTokens", (sold, caller.limit(bought, is_least=True))
    else:
        most = caller.limit(quote_in(path, bought), is_least=False)
        name, amounts = "swapTokensForExactTokens", (bought, most)
    data = encode_call(
        f"{name}(uint256,uint256,address[],address)", *amounts, tokens_along(path), TO_SENDER
    )
    return Call(name=f"02 {name}", router=router, data=data)


def universal_call(caller: Caller, router: Router) -> Call:
    """Ether into tokens, by a plan of commands; nothing of it needs Permit2."""
    sold = 10 ** caller.random.randint(12, 19)
    steps = [(0x0B, encode(["address", "uint256"], [TO_ROUTER, CONTRACT_BALANCE]))]
    plans = (_sell_ranges, _sell_pairs, _sell_ranges_then_pairs, _buy)
    plan = caller.random.choice(plans)
    steps += plan(caller, router, sold)
    if caller.random.random() < 0.3:
        inner = encode(["bytes", "bytes[]"], [bytes([k for k, _ in steps]), [i for _, i in steps]])
        steps = [(0x21, inner)]
    commands, inputs = bytes([kind for kind, _ in steps]), [content for _, content in steps]
    data = encode_call("execute(bytes,bytes[],uint256)", commands, inputs, FOREVER)
    return Call(name=plan.__name__, router=router, data=data, value_wei=sold)


_SWAP: Final = ["address", "uint256", "uint256", "bytes", "bool"]
_PAIRS: Final = ["address", "uint256", "uint256", "address[]", "bool"]


def _sell_ranges(caller: Caller, router: Router, sold: int) -> list[tuple[int, bytes]]:
    path = caller.path(router.v3_venue, start=caller.weth)
    least = caller.limit(quote_out(path, sold), is_least=True)
    amount = caller.random.choice((sold, CONTRACT_BALANCE))
    content = encode(_SWAP, [TO_SENDER, amount, least, packed(path), False])
    return [(0x00, content)]


def _sell_pairs(caller: Caller, router: Router, sold: int) -> list[tuple[int, bytes]]:
    path = caller.path(router.v2_venue, start=caller.weth)
    tokens = tokens_along(path)
    bought = quote_out(path, sold)
    least = caller.limit(bought, is_least=True)
    return [
        (0x08, encode(_PAIRS, [TO_ROUTER, sold, 0, tokens, False])),
        (0x06, encode(["address", "address", "uint256"], [tokens[-1], caller.weth, 25])),
        (0x04, encode(["address", "address", "uint256"], [tokens[-1], TO_SENDER, least])),
    ]


def _sell_ranges_then_pairs(caller: Caller, router: Router, sold: int) -> list[tuple[int, bytes]]:
    """The output of the first goes to the second's pair, which is then paid already."""
    first = caller.path(router.v3_venue, start=caller.weth)[:1]
    token = tokens_along(first)[-1]
    second = caller.path(router.v2_venue, start=token)
    bought = quote_out(second, quote_out(first, sold))
    pair = second[0][0].id
    least = caller.limit(bought, is_least=True)
    return [
        (0x00, encode(_SWAP, [pair, sold, 0, packed(first), False])),
        (0x08, encode(_PAIRS, [TO_SENDER, 0, least, tokens_along(second), False])),
    ]


def _buy(caller: Caller, router: Router, sold: int) -> list[tuple[int, bytes]]:
    is_paired = caller.random.random() < 0.5
    venue = router.v2_venue if is_paired else router.v3_venue
    path = caller.path(venue, start=caller.weth)
    bought = max(1, quote_out(path, sold) // 2)
    most = caller.limit(quote_in(path, bought), is_least=False)
    if is_paired:
        content = encode(_PAIRS, [TO_SENDER, bought, most, tokens_along(path), False])
    else:
        backwards = packed(path, is_reversed=True)
        content = encode(_SWAP, [TO_SENDER, bought, most, backwards, False])
    back = (0x0C, encode(["address", "uint256"], [TO_SENDER, 0]))
    return [(0x09 if is_paired else 0x01, content), back]
