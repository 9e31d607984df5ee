"""Who gets a bundle: the choice between a refund and more chances.

Flashbots refunds gas fees for bundles that its own builders receive first and alone. Sending the
same bundle to others gives it more slots to land in, and gives the refund up.
"""

from enum import StrEnum

from searcher.relay_profiles import RelayProfile


class SubmissionPolicy(StrEnum):
    """Which of the configured endpoints are used."""

    FLASHBOTS_ONLY = "flashbots_only"
    """Those that keep the gas-fee refund; only slots that they win can be landed in."""

    BUILDERS_FIELD = "builders_field"
    """The same, and Flashbots forwards to registered builders late in slots that it will not win:
    the refund is kept for slots that it wins."""

    MULTIPLEX = "multiplex"
    """All, at once: every slot of theirs can be landed in, and the refund is forfeited."""


def is_chosen(profile: RelayProfile, policy: SubmissionPolicy) -> bool:
    """Whether a policy sends to this endpoint."""
    return profile.keeps_refunds or policy is SubmissionPolicy.MULTIPLEX


def forwarded(policy: SubmissionPolicy, registered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the builders that Flashbots is asked to forward to."""
    return registered if policy is SubmissionPolicy.BUILDERS_FIELD else ()
