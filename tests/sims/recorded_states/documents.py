"""One small valid document of every kind of recorded state, for tests to read and to break."""

import json
from pathlib import Path

ONE = "0x" + "01" * 20
TWO = "0x" + "02" * 20
OWN = "0x" + "0a" * 20
LONG_ID = OWN + "00" * 12
E18 = 10**18


def token(address: str, decimals: int = 18) -> dict[str, object]:
    return {"address": address, "symbol": "T", "decimals": decimals}


PAIR = {"token0": token(ONE), "token1": token(TWO, 6)}
LISTED = {"tokens": [token(ONE), token(TWO, 6)], "balances": [5 * E18, 5_000_000]}
TICKS = {
    "scalars": {
        "fee": 3000,
        "tick_spacing": 60,
        "sqrt_price_x96": 2**96,
        "tick": 0,
        "liquidity": E18,
        "protocol_fee_zero_for_one": 0,
        "protocol_fee_one_for_zero": 0,
    },
    "tick_data": {"-60": [E18, E18, 7], "60": [E18, -E18, 7]},
}
PLAIN_CURVE = {
    "chain_id": 1,
    "address": OWN,
    "name": "curve",
    **LISTED,
    "use_lending": [False, False],
    "a_coefficient": 40,
    "future_a": 4000,
    "future_a_time": 7,
    "block_timestamp": 9,
    "fee": 4_000_000,
    "admin_fee": 0,
}
SUBGRAPH_POOL = {
    "id": LONG_ID,
    "swapFee": "0.003",
    "swapEnabled": True,
    "amp": "50.0",
    "tokens": [
        {**token(TWO, 6), "balance": "5.0000019", "weight": "3", "priceRate": "1"},
        {**token(ONE), "balance": "5", "weight": "1", "priceRate": "1.5"},
    ],
}

DOCUMENTS: dict[str, object] = {
    "pair": {
        "chain_id": 1,
        "pool": OWN,
        "dex": "cake",
        "fee_numer": 25,
        "fee_denom": 10_000,
        "reserves_token0": 5 * E18,
        "reserves_token1": 5_000_000,
        **PAIR,
    },
    "solidly": {
        "chain_id": 1,
        "pool": OWN,
        "dex": "aero",
        "stable": True,
        "fee_raw": 30,
        "reserves_token0": 5 * E18,
        "reserves_token1": 5_000_000,
        **PAIR,
    },
    "v3": {"chain_id": 1, "pool": OWN, "name": "v3", **PAIR, **TICKS},
    "v4": {
        "chain_id": 1,
        "pool_id": "0x" + "0b" * 32,
        "pool_manager": OWN,
        "name": "v4",
        **PAIR,
        **TICKS,
    },
    "weighted": {
        "chain_id": 1,
        "pool_id": LONG_ID,
        "fee": "1/400",
        "weights": [E18 // 4, 3 * E18 // 4],
        "pow_version": "v2",
        **LISTED,
    },
    "stable": {
        "chain_id": 1,
        "address": OWN,
        "pool_id": LONG_ID,
        "fee": "1/2500",
        "amp": 50_000,
        "tokens": [token(ONE), token(TWO, 6), token(OWN)],
        "balances": [5 * E18, 5_000_000, 2**100],
        "resolved_scaling_factors": [E18, 10**30, E18],
        "invariant_version": 1,
    },
    "curve": PLAIN_CURVE,
    "metapool": {**PLAIN_CURVE, "redemption_price": 3 * E18, "base_virtual_price": 10**30},
    "subgraph list": [
        {**SUBGRAPH_POOL, "poolType": "Weighted"},
        {**SUBGRAPH_POOL, "poolType": "MetaStable", "id": OWN + "ff" * 12},
    ],
    "snapshot": {"snapshot": "x", "pools": [{**SUBGRAPH_POOL, "poolType": "Weighted"}]},
}


def document_of(folder: Path, value: object) -> Path:
    path = folder / "pool.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
