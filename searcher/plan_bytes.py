"""Packs and unpacks plans. Separate from the records so that each file reads in one go.

Every number of the wire is in `plans`. Decoding accepts nothing but what encoding writes.
"""

import re
from typing import Final

from graphs.units import BPS, PIPS, Address
from searcher.errors import CalldataError, WireError
from searcher.plans import (
    MAX_HOPS,
    MIN_HOPS,
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

_UINT8_MAX: Final = 2**8 - 1
_UINT24_MAX: Final = 2**24 - 1
_INT24_MAX: Final = 2**23 - 1
_UINT64_MAX: Final = 2**64 - 1
_UINT128_MAX: Final = 2**128 - 1
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")
_ADDRESS_BYTES: Final = 20
_HASH_BYTES: Final = 32

_PARENT_HASH_FLAG: Final = 0x80
_UNLOCK_UNISWAP_FLAG: Final = 0x40
_UNLOCK_BALANCER_FLAG: Final = 0x20
_SOURCE_MASK: Final = 0x0F
_ZERO_FOR_ONE_FLAG: Final = 0x80
_KIND_MASK: Final = 0x7F

_BARE_SOURCES: Final[dict[SourceKind, Source]] = {
    SourceKind.AAVE_V3: AaveV3Source(),
    SourceKind.BALANCER_V2: BalancerV2Source(),
    SourceKind.BALANCER_V3: BalancerV3Source(),
    SourceKind.UNISWAP_V4: UniswapV4Source(),
    SourceKind.NONE: NoSource(),
}
"""Those of which there is nothing more to say."""

_BARE_NUMBERS: Final = {source: number for number, source in _BARE_SOURCES.items()}

_FLASH_SWAPPABLE: Final = (UniswapV2Hop, UniswapV3Hop, UniswapV4Hop)


def encode_plan(plan: Plan) -> bytes:
    """Pack a plan without the call around it.

    Raises:
        CalldataError: a field is outside the range of the wire format, or one that always reverts.
    """
    _check_cycle(plan)
    number, parameters = _pack_source(plan.source)
    flags = _unlock_flags(plan) | (_PARENT_HASH_FLAG if plan.parent_hash is not None else 0)
    return b"".join(
        (
            _packed("target_block", plan.target_block, most=_UINT64_MAX),
            _packed("min_profit", plan.min_profit, most=_UINT128_MAX),
            _packed("tip_share_bps", plan.tip_share_bps, most=BPS, size=2),
            bytes([number | flags]),
            _packed_address("asset", plan.asset),
            _packed("amount_in", plan.amount_in, most=_UINT128_MAX),
            b"" if plan.parent_hash is None else _packed_hash("parent_hash", plan.parent_hash),
            parameters,
            *(_pack_hop(hop) for hop in plan.hops),
        )
    )


def decode_plan(packed: bytes) -> Plan:
    """Read back what `encode_plan` wrote, and nothing else.

    Raises:
        WireError: the bytes are not a plan, or not in its only encoding.
    """
    reader = _Reader(packed)
    try:
        plan = _read_plan(reader)
        canonical = encode_plan(plan)
    except CalldataError as error:
        raise WireError(field=error.field, reason=error.reason) from error
    if canonical != packed:
        raise WireError(field="plan", reason="another encoding")
    return plan


class _Reader:
    """A position in packed bytes."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._offset = 0

    @property
    def has_more(self) -> bool:
        return self._offset < len(self._packed)

    def read(self, size: int) -> bytes:
        taken = self._packed[self._offset : self._offset + size]
        if len(taken) != size:
            raise WireError(field="plan", reason=f"{len(self._packed)} bytes")
        self._offset += size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.read(size))

    def address(self) -> Address:
        return Address("0x" + self.read(_ADDRESS_BYTES).hex())

    def hash(self) -> str:
        return "0x" + self.read(_HASH_BYTES).hex()


def _check_cycle(plan: Plan) -> None:
    if not MIN_HOPS <= len(plan.hops) <= MAX_HOPS:
        raise CalldataError(field="hops", reason=f"{len(plan.hops)} of them")
    if isinstance(plan.source, NoSource) and not isinstance(plan.hops[0], _FLASH_SWAPPABLE):
        raise CalldataError(field="source", reason="the first hop's pool does not pay first")
    if isinstance(plan.source, BalancerV2Source) and _has(plan, BalancerV2Hop):
        raise CalldataError(field="source", reason="the vault does not trade while it lends")


def _has(plan: Plan, kind: type[PlanHop]) -> bool:
    return any(isinstance(hop, kind) for hop in plan.hops)


def _unlock_flags(plan: Plan) -> int:
    flags = 0
    if isinstance(plan.source, UniswapV4Source) or _has(plan, UniswapV4Hop):
        flags |= _UNLOCK_UNISWAP_FLAG
    if isinstance(plan.source, BalancerV3Source) or _has(plan, BalancerV3Hop):
        flags |= _UNLOCK_BALANCER_FLAG
    return flags


def _pack_source(source: Source) -> tuple[SourceKind, bytes]:
    match source:
        case UniswapV2Source():
            return SourceKind.UNISWAP_V2, b"".join(
                (
                    _packed_address("source.pair", source.pair),
                    _packed("source.fee_pips", source.fee_pips, most=PIPS - 1, size=3),
                    bytes([source.is_asset_first]),
                )
            )
        case UniswapV3Source():
            return SourceKind.UNISWAP_V3, b"".join(
                (
                    _packed_address("source.other_token", source.other_token),
                    _packed("source.fee_pips", source.fee_pips, most=PIPS - 1, size=3),
                    _packed("source.factory", source.factory, most=_UINT8_MAX),
                )
            )
        case SoloMarginSource():
            return SourceKind.SOLO_MARGIN, _packed("source.market", source.market, most=_UINT8_MAX)
        case _:
            return _BARE_NUMBERS[source], b""


def _pack_hop(hop: PlanHop) -> bytes:
    match hop:
        case UniswapV2Hop():
            return b"".join(
                (
                    bytes([_directed(HopKind.UNISWAP_V2, zero_for_one=hop.zero_for_one)]),
                    _packed_address("pool", hop.pool),
                    _packed("fee_pips", hop.fee_pips, most=PIPS - 1, size=3),
                )
            )
        case SolidlyHop():
            return b"".join(
                (
                    bytes([_directed(HopKind.SOLIDLY, zero_for_one=hop.zero_for_one)]),
                    _packed_address("token_in", hop.token_in),
                    _packed_address("pool", hop.pool),
                )
            )
        case _:
            kind, rest = _pack_rest(hop)
            return b"".join(
                (
                    bytes([kind]),
                    _packed_address("token_in", hop.token_in),
                    _packed_address("token_out", hop.token_out),
                    rest,
                )
            )


def _pack_rest(
    hop: UniswapV3Hop | UniswapV4Hop | BalancerV2Hop | BalancerV3Hop | CurveHop,
) -> tuple[HopKind, bytes]:
    """The kind's number, and what follows the two tokens."""
    match hop:
        case UniswapV3Hop():
            return HopKind.UNISWAP_V3, b"".join(
                (
                    _packed("fee_pips", hop.fee_pips, most=PIPS - 1, size=3),
                    _packed("factory", hop.factory, most=_UINT8_MAX),
                )
            )
        case UniswapV4Hop():
            return HopKind.UNISWAP_V4, b"".join(
                (
                    _packed("fee_pips", hop.fee_pips, most=_UINT24_MAX),
                    _packed("tick_spacing", hop.tick_spacing, most=_INT24_MAX, size=3),
                    _packed_address("hooks", hop.hooks),
                )
            )
        case BalancerV2Hop():
            return HopKind.BALANCER_V2, _packed_hash("pool_id", hop.pool_id)
        case BalancerV3Hop():
            return HopKind.BALANCER_V3, _packed_address("pool", hop.pool)
        case CurveHop():
            kind = HopKind.CURVE_UINT256 if hop.is_unsigned else HopKind.CURVE_INT128
            return kind, b"".join(
                (
                    _packed_address("pool", hop.pool),
                    _packed("index_in", hop.index_in, most=_UINT8_MAX),
                    _packed("index_out", hop.index_out, most=_UINT8_MAX),
                )
            )


def _directed(kind: HopKind, *, zero_for_one: bool) -> int:
    return kind | (_ZERO_FOR_ONE_FLAG if zero_for_one else 0)


def _packed(field: str, value: int, *, most: int, size: int | None = None) -> bytes:
    if not 0 <= value <= most:
        raise CalldataError(field=field, reason=f"{value} is not between 0 and {most}")
    return value.to_bytes(size or most.bit_length() // 8)


def _packed_address(field: str, address: Address) -> bytes:
    return _packed_hex(field, address, size=_ADDRESS_BYTES)


def _packed_hash(field: str, text: str) -> bytes:
    return _packed_hex(field, text, size=_HASH_BYTES)


def _packed_hex(field: str, text: str, *, size: int) -> bytes:
    if _HEX.fullmatch(text) is None or len(text) != 2 + 2 * size:
        raise CalldataError(field=field, reason=f"not {size} bytes of hex in lower case")
    return bytes.fromhex(text[2:])


def _read_plan(reader: _Reader) -> Plan:
    target_block, min_profit, tip_share_bps = reader.number(8), reader.number(16), reader.number(2)
    first = reader.number(1)
    asset, amount_in = reader.address(), reader.number(16)
    parent_hash = reader.hash() if first & _PARENT_HASH_FLAG else None
    source = _read_source(reader, first & _SOURCE_MASK)
    hops = []
    while reader.has_more:
        hops.append(_read_hop(reader))
    return Plan(
        target_block=target_block,
        parent_hash=parent_hash,
        min_profit=min_profit,
        tip_share_bps=tip_share_bps,
        source=source,
        asset=asset,
        amount_in=amount_in,
        hops=tuple(hops),
    )


def _read_source(reader: _Reader, number: int) -> Source:
    match number:
        case SourceKind.UNISWAP_V2:
            return UniswapV2Source(
                pair=reader.address(),
                fee_pips=reader.number(3),
                is_asset_first=bool(reader.number(1)),
            )
        case SourceKind.UNISWAP_V3:
            return UniswapV3Source(
                other_token=reader.address(), fee_pips=reader.number(3), factory=reader.number(1)
            )
        case SourceKind.SOLO_MARGIN:
            return SoloMarginSource(market=reader.number(1))
        case _ if number in _BARE_SOURCES:
            return _BARE_SOURCES[SourceKind(number)]
        case _:
            raise WireError(field="source", reason=f"unassigned number {number}")


def _read_hop(reader: _Reader) -> PlanHop:
    first = reader.number(1)
    kind, zero_for_one = first & _KIND_MASK, bool(first & _ZERO_FOR_ONE_FLAG)
    if kind == HopKind.UNISWAP_V2:
        pool, fee_pips = reader.address(), reader.number(3)
        return UniswapV2Hop(pool=pool, fee_pips=fee_pips, zero_for_one=zero_for_one)
    token_in = reader.address()
    if kind == HopKind.SOLIDLY:
        return SolidlyHop(token_in=token_in, pool=reader.address(), zero_for_one=zero_for_one)
    return _read_rest(reader, kind, token_in=token_in, token_out=reader.address())


def _read_rest(reader: _Reader, kind: int, *, token_in: Address, token_out: Address) -> PlanHop:
    match kind:
        case HopKind.UNISWAP_V3:
            return UniswapV3Hop(
                token_in=token_in,
                token_out=token_out,
                fee_pips=reader.number(3),
                factory=reader.number(1),
            )
        case HopKind.UNISWAP_V4:
            return UniswapV4Hop(
                token_in=token_in,
                token_out=token_out,
                fee_pips=reader.number(3),
                tick_spacing=reader.number(3),
                hooks=reader.address(),
            )
        case HopKind.BALANCER_V2:
            return BalancerV2Hop(token_in=token_in, token_out=token_out, pool_id=reader.hash())
        case HopKind.BALANCER_V3:
            return BalancerV3Hop(token_in=token_in, token_out=token_out, pool=reader.address())
        case HopKind.CURVE_INT128 | HopKind.CURVE_UINT256:
            return CurveHop(
                token_in=token_in,
                token_out=token_out,
                pool=reader.address(),
                index_in=reader.number(1),
                index_out=reader.number(1),
                is_unsigned=kind == HopKind.CURVE_UINT256,
            )
        case _:
            raise WireError(field="kind", reason=f"unassigned number {kind}")
