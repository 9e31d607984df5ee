"""Which share of a profit is offered for inclusion: a fixed one, or a curve over the profit.

A policy only proposes; the settings' bound is the last word. The executor pays the share of what
it really earns, so nothing here can turn a profit into a loss.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias

from typing_extensions import override

from graphs.fixed_point import mul_div_down
from graphs.units import BPS

Point: TypeAlias = tuple[int, int]
"""A gross profit in wei and the share of it in basis points."""


class TipPolicy(Protocol):
    """Proposes the share of a profit that goes to the block's coinbase."""

    @property
    def least_share_bps(self) -> int:
        """No proposal is below it: what a bound of any net profit may assume."""

    def share_bps(self, gross_profit_wei: int) -> int:
        """The share for this gross profit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedShare(TipPolicy):
    """The same share of every profit."""

    bps: int
    """That share."""

    @property
    @override
    def least_share_bps(self) -> int:
        """The share itself."""
        return self.bps

    @override
    def share_bps(self, gross_profit_wei: int) -> int:
        """The share itself."""
        del gross_profit_wei
        return self.bps


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCurve(TipPolicy):
    """Straight lines between points, and level outside of them; rounded down."""

    points: tuple[Point, ...]
    """One at least, of rising profits, with what is kept never falling."""

    @property
    @override
    def least_share_bps(self) -> int:
        """The lowest of the points."""
        return min(share for _, share in self.points)

    @override
    def share_bps(self, gross_profit_wei: int) -> int:
        """Interpolate between the points around this profit."""
        if gross_profit_wei <= self.points[0][0]:
            return self.points[0][1]
        for (low_wei, low), (high_wei, high) in pairwise(self.points):
            if gross_profit_wei <= high_wei:
                part = mul_div_down(abs(high - low), gross_profit_wei - low_wei, high_wei - low_wei)
                return low + part if high >= low else low - part
        return self.points[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded(TipPolicy):
    """Another policy, held below a bound."""

    policy: TipPolicy
    """What proposes."""

    most_bps: int
    """What no proposal exceeds."""

    @property
    @override
    def least_share_bps(self) -> int:
        """The other's, below the bound."""
        return min(self.policy.least_share_bps, self.most_bps)

    @override
    def share_bps(self, gross_profit_wei: int) -> int:
        """The other's, below the bound."""
        return min(self.policy.share_bps(gross_profit_wei), self.most_bps)


def check_curve(points: tuple[Point, ...]) -> None:
    """Refuse a curve on which more profit would leave less.

    Between two points what is kept of a profit p is p times one minus a line, whose slope falls or
    rises towards the right end alone, so it is enough to look at both ends of each line.

    Raises:
        ValueError: profits that do not rise, a share out of range, or a line that is too steep.
    """
    if not points:
        message = "a curve has one point at least"
        raise ValueError(message)
    if any(wei < 0 or not 0 <= share <= BPS for wei, share in points):
        message = "a point is a profit in wei and a share of 0 to 10000 basis points"
        raise ValueError(message)
    for (low_wei, low), (high_wei, high) in pairwise(points):
        if low_wei >= high_wei:
            message = "the profits of a curve rise from point to point"
            raise ValueError(message)
        width = high_wei - low_wei
        if (BPS - high) * width < (high - low) * high_wei:
            message = f"between {low_wei} and {high_wei} wei more profit would leave less"
            raise ValueError(message)
