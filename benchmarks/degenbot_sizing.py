"""Sizes paths with the `degenbot` package. Run by its own interpreter, where web3 is older.

Reads one JSON object from the standard input (see `benchmarks/peers.py`) and prints one. Nothing of
this project is imported. The package builds pools and tokens from the answers of a node, so a node
within this process answers its calls from the given states; no answer is needed while it sizes.
"""

import gc
import json
import statistics
import sys
import time
from fractions import Fraction
from typing import Any

from degenbot import UniswapLpCycle, UniswapV2Pool, UniswapV3Pool, set_web3
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector
from web3 import Web3
from web3.providers.base import JSONBaseProvider

RUNS = 21
WORD_TICKS = 256
PIPS = 10**6
CHAIN = {"web3_clientVersion": "states", "eth_chainId": "0x1", "eth_blockNumber": "0x1"}
FACTORY = "0x" + "f" * 40
TOKEN_ANSWERS: dict[str, tuple[list[str], list[Any]]] = {
    "name()": (["string"], ["Token"]),
    "symbol()": (["string"], ["TKN"]),
    "decimals()": (["uint256"], [18]),
}
POOL_FIELDS = {"fee()": "fee_pips", "tickSpacing()": "tick_spacing", "liquidity()": "liquidity"}
SELECTORS = {
    "0x" + function_signature_to_4byte_selector(signature).hex(): signature
    for signature in (
        *TOKEN_ANSWERS,
        *POOL_FIELDS,
        *("factory()", "token0()", "token1()", "getReserves()", "slot0()"),
    )
}


class StatesProvider(JSONBaseProvider):
    """A node where the given pools are, and a token of eighteen decimals at every address."""

    def __init__(self, pools: list[dict[str, Any]]) -> None:
        super().__init__()
        self.pools = {pool["id"].lower(): pool for pool in pools}

    def make_request(self, method: str, params: list[Any]) -> dict[str, Any]:
        """Answer one request."""
        result = CHAIN.get(method) or self.call(params[0])
        return {"jsonrpc": "2.0", "id": 1, "result": result}

    def make_batch_request(self, requests: list[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """Answer several."""
        return [self.make_request(method, params) for method, params in requests]

    def call(self, transaction: dict[str, Any]) -> str:
        """Answer a call of a view function."""
        data = transaction["data"]
        selector = data if isinstance(data, str) else "0x" + bytes(data).hex()
        signature = SELECTORS[selector]
        pool = self.pools.get(transaction["to"].lower(), {})
        types, values = TOKEN_ANSWERS.get(signature) or pool_answer(signature, pool)
        return "0x" + encode(types, values).hex()


def pool_answer(signature: str, pool: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """What a pool says of its state."""
    match signature:
        case "factory()":
            return ["address"], [FACTORY]
        case "token0()" | "token1()":
            return ["address"], [pool[signature[:-2]]]
        case "getReserves()":
            return ["uint112", "uint112", "uint32"], [pool["reserve0"], pool["reserve1"], 0]
        case "slot0()":
            types = ["uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool"]
            return types, [pool["sqrt_price_x96"], pool["tick"], 0, 1, 1, 0, True]
    return ["uint256"], [pool[POOL_FIELDS[signature]]]


def built(pool: dict[str, Any]) -> UniswapV2Pool | UniswapV3Pool:
    """Build the package's own pool, with all its ticks."""
    options = {"verify_address": False, "silent": True, "state_block": 1}
    if "ticks" not in pool:
        return UniswapV2Pool(pool["id"], fee=Fraction(pool["fee_pips"], PIPS), **options)
    tick_data = {
        tick: {"liquidity_net": net, "liquidity_gross": gross} for tick, net, gross in pool["ticks"]
    }
    bitmap: dict[int, int] = {}
    for tick in tick_data:
        word, bit = divmod(tick // pool["tick_spacing"], WORD_TICKS)
        bitmap[word] = bitmap.get(word, 0) | 1 << bit
    tick_bitmap = {word: {"bitmap": bits} for word, bits in bitmap.items()}
    return UniswapV3Pool(pool["id"], tick_data=tick_data, tick_bitmap=tick_bitmap, **options)


def sized(cycle: UniswapLpCycle) -> dict[str, Any]:
    """Size a path often, and quote the input found by the package's own exact pools.

    The profit that the package itself reports has been through a float.
    """
    result = cycle.calculate()
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        result = cycle.calculate()
        taken.append(time.perf_counter() - begun)
    amount, token = result.input_amount, cycle.input_token
    for pool in cycle.swap_pools:
        amount = pool.calculate_tokens_out_from_tokens_in(token, amount)
        token = pool.token1 if token == pool.token0 else pool.token0
    return {
        "input": result.input_amount,
        "profit": amount - result.input_amount,
        "seconds": statistics.median(taken),
    }


def main() -> None:
    """Size every path."""
    given = json.load(sys.stdin)
    set_web3(Web3(StatesProvider(given["pools"])))
    pools = {pool["id"]: built(pool) for pool in given["pools"]}
    tokens = {token.address.lower(): token for pool in pools.values() for token in pool.tokens}
    cycles = [
        UniswapLpCycle(
            tokens[given["base"]],
            [pools[pool_id] for pool_id in path],
            id=str(number),
            max_input=given["max_input"],
        )
        for number, path in enumerate(given["paths"])
    ]
    gc.collect()
    gc.disable()
    print(json.dumps([sized(cycle) for cycle in cycles]))


if __name__ == "__main__":
    main()
