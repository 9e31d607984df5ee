"""The plans that the Foundry tests read with the contract's own decoder, as records."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphs.units import Address
from searcher.plans import (
    AaveV3Source,
    BalancerV2Hop,
    BalancerV2Source,
    BalancerV3Hop,
    BalancerV3Source,
    CurveHop,
    HopKind,
    NoSource,
    Plan,
    PlanHop,
    SolidlyHop,
    SoloMarginSource,
    Source,
    SourceKind,
    UniswapV2Hop,
    UniswapV2Source,
    UniswapV3Hop,
    UniswapV3Source,
    UniswapV4Hop,
    UniswapV4Source,
)

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "contracts/test/vectors/plans.json").read_text())["plans"]

Vector = Mapping[str, Any]


def from_vector(vector: Vector) -> Plan:
    """The plan that a vector spells out."""
    return Plan(
        target_block=int(vector["targetBlock"]),
        parent_hash=vector["parentHash"] or None,
        min_profit=int(vector["minProfit"]),
        tip_share_bps=int(vector["tipShareBps"]),
        source=_source(vector["source"]),
        asset=Address(vector["asset"]),
        amount_in=int(vector["amountIn"]),
        hops=tuple(_hop(hop) for hop in vector["hops"]),
    )


BARE_SOURCES: dict[SourceKind, Source] = {
    SourceKind.AAVE_V3: AaveV3Source(),
    SourceKind.BALANCER_V2: BalancerV2Source(),
    SourceKind.BALANCER_V3: BalancerV3Source(),
    SourceKind.UNISWAP_V4: UniswapV4Source(),
    SourceKind.NONE: NoSource(),
}


def _source(fields: Vector) -> Source:
    match SourceKind(int(fields["kind"])):
        case SourceKind.UNISWAP_V2:
            return UniswapV2Source(
                pair=Address(fields["pair"]),
                fee_pips=int(fields["feePips"]),
                is_asset_first=fields["isAssetFirst"],
            )
        case SourceKind.UNISWAP_V3:
            return UniswapV3Source(
                other_token=Address(fields["otherToken"]),
                fee_pips=int(fields["feePips"]),
                factory=int(fields["factory"]),
            )
        case SourceKind.SOLO_MARGIN:
            return SoloMarginSource(market=int(fields["market"]))
        case bare:
            return BARE_SOURCES[bare]


def _hop(fields: Vector) -> PlanHop:
    kind = HopKind(int(fields["kind"]))
    if kind is HopKind.UNISWAP_V2:
        return UniswapV2Hop(
            pool=Address(fields["pool"]),
            fee_pips=int(fields["feePips"]),
            zero_for_one=fields["zeroForOne"],
        )
    if kind is HopKind.SOLIDLY:
        return SolidlyHop(
            token_in=Address(fields["tokenIn"]),
            pool=Address(fields["pool"]),
            zero_for_one=fields["zeroForOne"],
        )
    return _hop_between(kind, fields)


def _hop_between(kind: HopKind, fields: Vector) -> PlanHop:
    tokens = {"token_in": Address(fields["tokenIn"]), "token_out": Address(fields["tokenOut"])}
    match kind:
        case HopKind.UNISWAP_V3:
            return UniswapV3Hop(
                **tokens, fee_pips=int(fields["feePips"]), factory=int(fields["factory"])
            )
        case HopKind.UNISWAP_V4:
            return UniswapV4Hop(
                **tokens,
                fee_pips=int(fields["feePips"]),
                tick_spacing=int(fields["tickSpacing"]),
                hooks=Address(fields["hooks"]),
            )
        case HopKind.BALANCER_V2:
            return BalancerV2Hop(**tokens, pool_id=fields["poolId"])
        case HopKind.BALANCER_V3:
            return BalancerV3Hop(**tokens, pool=Address(fields["pool"]))
        case _:
            return CurveHop(
                **tokens,
                pool=Address(fields["pool"]),
                index_in=int(fields["indexIn"]),
                index_out=int(fields["indexOut"]),
                is_unsigned=kind is HopKind.CURVE_UINT256,
            )
