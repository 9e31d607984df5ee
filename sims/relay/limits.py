"""How many requests a host may send: a bucket of tokens for each method, refilled evenly."""

from dataclasses import dataclass

from searcher.ports import Clock
from sims.relay.profiles import Profile

NS_PER_MINUTE = 60_000_000_000


@dataclass(slots=True)
class _Bucket:
    tokens_ns: int
    """Time saved up; a token costs the minute divided by the limit."""

    filled_ns: int


class RateLimits:
    """The buckets of one relay."""

    def __init__(self, profile: Profile, clock: Clock) -> None:
        self._profile = profile
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admits(self, host: str, method: str) -> bool:
        """Take a token; return whether there was one.

        Methods without a limit of their own have a bucket each, unknown ones share one.
        """
        per_minute = self._profile.requests_per_minute.get(
            method, self._profile.other_requests_per_minute
        )
        if per_minute is None:
            return True
        name = method if method in self._profile.methods else ""
        now_ns, cost_ns = self._clock.now_ns(), NS_PER_MINUTE // per_minute
        bucket = self._buckets.setdefault((host, name), _Bucket(NS_PER_MINUTE, now_ns))
        bucket.tokens_ns = min(NS_PER_MINUTE, bucket.tokens_ns + now_ns - bucket.filled_ns)
        bucket.filled_ns = now_ns
        if bucket.tokens_ns < cost_ns:
            return False
        bucket.tokens_ns -= cost_ns
        return True
