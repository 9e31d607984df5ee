"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether something must be done."""

    OK = "ok"
    """Nothing."""

    WARNING = "warning"
    """The bot runs, with less than it could have."""

    FAILURE = "failure"
    """The bot does not run, or not as it is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's result."""

    name: str
    """What was looked at."""

    verdict: Verdict
    """How it is."""

    words: str
    """What was seen."""

    remedy: str = ""
    """What to do; empty when nothing is to be done."""


def ok(name: str, words: str) -> Finding:
    """Nothing is to be done."""
    return Finding(name=name, verdict=Verdict.OK, words=words)


def warning(name: str, words: str, remedy: str) -> Finding:
    """The bot runs without it."""
    return Finding(name=name, verdict=Verdict.WARNING, words=words, remedy=remedy)


def failure(name: str, words: str, remedy: str) -> Finding:
    """It has to be put right first."""
    return Finding(name=name, verdict=Verdict.FAILURE, words=words, remedy=remedy)
