"""Tips: never beyond the bound, and never so steep that more profit leaves less."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from graphs.units import BPS, WEI_PER_ETHER
from searcher.settings.bot import BiddingSettings
from searcher.tip_policy import Bounded, FixedShare, Point, ShareCurve, check_curve

WEI = st.integers(min_value=0, max_value=2**112)
SHARE = st.integers(min_value=0, max_value=BPS)
POINTS = st.lists(st.tuples(WEI, SHARE), min_size=1, max_size=6).map(
    lambda points: tuple(sorted(points))
)
RISING: tuple[Point, ...] = ((0, 5_000), (WEI_PER_ETHER, 7_000))


def is_refused(points: tuple[Point, ...]) -> bool:
    try:
        check_curve(points)
    except ValueError:
        return True
    return False


@given(points=POINTS, profit_wei=WEI)
def test_a_curve_stays_between_its_points_and_above_its_least(
    points: tuple[Point, ...], profit_wei: int
) -> None:
    assume(not is_refused(points))
    curve = ShareCurve(points=points)

    share = curve.share_bps(profit_wei)

    shares = [one for _, one in points]
    assert curve.least_share_bps == min(shares) <= share <= max(shares)


@given(points=POINTS)
def test_a_curve_passes_through_its_points(points: tuple[Point, ...]) -> None:
    assume(not is_refused(points))

    assert all(ShareCurve(points=points).share_bps(wei) == share for wei, share in points)


@given(points=POINTS, profit_wei=WEI, more_wei=WEI)
def test_more_profit_never_leaves_less_on_an_accepted_curve(
    points: tuple[Point, ...], profit_wei: int, more_wei: int
) -> None:
    assume(not is_refused(points))
    curve = ShareCurve(points=points)

    def kept(wei: int) -> int:
        return wei * (BPS - curve.share_bps(wei))

    # A share is a whole basis point: the rounding of one profit may cost one of them.
    assert kept(profit_wei + more_wei) >= kept(profit_wei) - (profit_wei + more_wei)


@given(policy=st.builds(FixedShare, bps=SHARE), most=SHARE, profit_wei=WEI)
def test_no_policy_exceeds_the_bound(policy: FixedShare, most: int, profit_wei: int) -> None:
    bounded = Bounded(policy=policy, most_bps=most)

    assert bounded.least_share_bps <= bounded.share_bps(profit_wei) <= most


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (((5, 100), (5, 200)), "rise from point to point"),
        (((0, 10_001),), "share of 0 to 10000"),
        (((0, 0), (10, 9_000)), "more profit would leave less"),
    ],
)
def test_settings_refuse_a_wrong_curve_in_words(points: tuple[Point, ...], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BiddingSettings(tip_curve=points)


def test_settings_choose_the_curve_over_the_fixed_share_and_bound_it() -> None:
    fixed = BiddingSettings(tip_share_bps=8_000)
    curved = BiddingSettings(tip_curve=RISING, most_tip_share_bps=6_500)

    assert fixed.tip_policy.share_bps(WEI_PER_ETHER) == 8_000
    assert curved.tip_policy.share_bps(WEI_PER_ETHER // 2) == 6_000
    assert curved.tip_policy.share_bps(WEI_PER_ETHER) == 6_500
