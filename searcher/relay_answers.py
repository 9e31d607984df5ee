"""What a relay's answer means: one of a few classes that the program can act on, and its words.

The classes are decided by status, code and, because relays agree on neither, by the words that
their documentation and their users have recorded. The words decide nothing but the class.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import msgspec
from typing_extensions import override

WORDS_LIMIT: Final = 200
"""Characters kept of an endpoint's words."""

UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a stranger's JSON can raise."""

_SIMULATION: Final = re.compile(
    r"^err: (?P<reason>.*); txhash (?P<hash>0x[0-9a-f]{64})$", re.DOTALL
)
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")


class RefusalKind(StrEnum):
    """What a refusal is about."""

    SIGNATURE = "signature"
    """The request's signature, or its absence."""

    MALFORMED = "malformed"
    """The request itself; it would be refused again."""

    RATE_LIMITED = "rate_limited"
    """Too many requests; it may be taken later."""

    UNSUPPORTED_METHOD = "unsupported_method"
    """The endpoint does not have the method."""

    SIM_INVALID = "sim_invalid"
    """A transaction of the bundle that cannot be executed."""

    SERVER_UNAVAILABLE = "server_unavailable"
    """Nobody, or nobody sensible, answered."""

    UNKNOWN = "unknown"
    """Words that no rule knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer without a result."""

    kind: RefusalKind
    """What it is about."""

    words: str
    """The endpoint's own, or what went wrong on the wire; one printable line, shortened."""

    tx_hash: str | None = None
    """The transaction that cannot be executed; None for other kinds."""

    @override
    def __str__(self) -> str:
        """The class, then the words."""
        return f"{self.kind}: {self.words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsUnavailable:
    """The endpoint keeps no statistics for searchers any more (HTTP 403 since June 2025)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint said."""

    result: object
    """The JSON-RPC result; None when refused."""

    refusal: Refusal | None
    """Why there is none; None when it answered with a result."""


_BY_CODE: Final = {
    -32601: RefusalKind.UNSUPPORTED_METHOD,
    -32602: RefusalKind.MALFORMED,
    -32700: RefusalKind.MALFORMED,
    -32025: RefusalKind.SIGNATURE,
}
_BY_WORDS: Final = (
    ("signature", RefusalKind.SIGNATURE),
    ("signer", RefusalKind.SIGNATURE),
    ("rate limit", RefusalKind.RATE_LIMITED),
    ("too many requests", RefusalKind.RATE_LIMITED),
    ("method not found", RefusalKind.UNSUPPORTED_METHOD),
    ("invalid method", RefusalKind.UNSUPPORTED_METHOD),
    ("untagged enum ethrpccall", RefusalKind.UNSUPPORTED_METHOD),
    ("status code: 5", RefusalKind.SERVER_UNAVAILABLE),
    ("internal", RefusalKind.SERVER_UNAVAILABLE),
    ("service error", RefusalKind.SERVER_UNAVAILABLE),
    ("unable to decode", RefusalKind.MALFORMED),
    ("missing", RefusalKind.MALFORMED),
    ("invalid", RefusalKind.MALFORMED),
    ("must be", RefusalKind.MALFORMED),
    ("too big", RefusalKind.MALFORMED),
    ("too long", RefusalKind.MALFORMED),
    ("too much", RefusalKind.MALFORMED),
    ("too deep", RefusalKind.MALFORMED),
    ("unsupported", RefusalKind.MALFORMED),
)
"""The first that occurs decides; relays put the same words behind different codes."""

_BY_STATUS: Final[Mapping[int, RefusalKind]] = {
    HTTPStatus.UNAUTHORIZED: RefusalKind.SIGNATURE,
    HTTPStatus.FORBIDDEN: RefusalKind.SIGNATURE,
    HTTPStatus.NOT_FOUND: RefusalKind.UNSUPPORTED_METHOD,
    HTTPStatus.METHOD_NOT_ALLOWED: RefusalKind.MALFORMED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: RefusalKind.MALFORMED,
    HTTPStatus.BAD_REQUEST: RefusalKind.MALFORMED,
}


def read_answer(status: int, text: bytes) -> Answer:
    """Read an HTTP answer's status and body, whatever they are."""
    try:
        envelope = msgspec.json.decode(text)
    except UNDECODABLE:
        return _without_words(status, "not JSON")
    if not isinstance(envelope, dict):
        return _without_words(status, "not a JSON-RPC answer")
    error = envelope.get("error")
    if error is not None:
        return refused(_refusal(status, error))
    if "result" not in envelope or status != HTTPStatus.OK:
        return _without_words(status, "no result")
    return Answer(result=envelope["result"], refusal=None)


def unreachable(reason: str) -> Answer:
    """Make the answer of an endpoint that gave none."""
    return refused(
        Refusal(kind=RefusalKind.SERVER_UNAVAILABLE, words=shown(f"unreachable: {reason}"))
    )


def refused(refusal: Refusal) -> Answer:
    """Make an answer of a refusal."""
    return Answer(result=None, refusal=refusal)


def acknowledged_hash(result: object) -> str | None:
    """Return the bundle's name in an acknowledgement; None where it holds none.

    Builders answer an object, the bare hash, 200, true or null.
    """
    named = result.get("bundleHash") if isinstance(result, dict) else result
    if isinstance(named, str) and _HASH.fullmatch(named):
        return named.lower()
    return None


def read_stats(status: int, text: bytes) -> Answer | StatsUnavailable:
    """Read the answer to a question for statistics."""
    return StatsUnavailable() if status == HTTPStatus.FORBIDDEN else read_answer(status, text)


def shown(words: object) -> str:
    """Return a stranger's words, fit for a ledger and a log: printable, one line, short."""
    text = words if isinstance(words, str) else "no words"
    return "".join(char if char.isprintable() else " " for char in text[:WORDS_LIMIT])


def _refusal(status: int, error: object) -> Refusal:
    members: Mapping[str, object] = error if isinstance(error, dict) else {"message": error}
    message = members.get("message")
    words = message if isinstance(message, str) else "no words"
    simulated = _SIMULATION.match(words)
    if simulated is not None:
        return Refusal(
            kind=RefusalKind.SIM_INVALID,
            words=shown(simulated["reason"]),
            tx_hash=simulated["hash"],
        )
    return Refusal(kind=_kind(status, members.get("code"), words), words=shown(words))


def _kind(status: int, code: object, words: str) -> RefusalKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RefusalKind.RATE_LIMITED
    lower = words.lower()
    for phrase, kind in _BY_WORDS:
        if phrase in lower:
            return kind
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]
    return _kind_of_status(status)


def _kind_of_status(status: int) -> RefusalKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RefusalKind.RATE_LIMITED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RefusalKind.SERVER_UNAVAILABLE
    return _BY_STATUS.get(status, RefusalKind.UNKNOWN)


def _without_words(status: int, trouble: str) -> Answer:
    """Classify an answer that is not JSON-RPC by its status alone."""
    kind = _kind_of_status(status)
    if status == HTTPStatus.OK:
        kind = RefusalKind.SERVER_UNAVAILABLE
    return refused(Refusal(kind=kind, words=f"HTTP {status}: {trouble}"))
