"""Who built a block, as far as its extra data tells: best effort, since anybody may write anything.

Builders sign their blocks with a name or a site. A name of the table that stands there is that
builder; anything else is nobody we know.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from searcher.builder_table import ROWS
from searcher.relay_profiles import BUILDERS, RelayProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An endpoint that we send to."""

    profile: RelayProfile
    """Its row of the builder table."""

    forwarded: tuple[str, ...] = ()
    """Registered names of builders that it is asked to forward to, if it does that."""


def was_sent_to(extra_data: bytes, recipients: Iterable[Recipient]) -> bool | None:
    """Whether the builder who wrote this had the bundle; None where that is nobody we know.

    A builder is had, too, where Flashbots was asked to forward to it.
    """
    named = {row.name for row in ROWS if is_signed_by(extra_data, row)}
    if not named:
        return None
    sent_to = set[str]()
    for recipient in recipients:
        sent_to.add(recipient.profile.name)
        if BUILDERS in recipient.profile.fields:
            sent_to.update(row.name for row in ROWS if row.registered_as in recipient.forwarded)
    return not named.isdisjoint(sent_to)


def is_signed_by(extra_data: bytes, row: RelayProfile) -> bool:
    """Whether the builder's name stands in the data, however it is spelt."""
    text = _letters(shown_extra_data(extra_data))
    names = (_letters(row.name), _letters(row.registered_as or ""))
    return any(name and name in text for name in names)


def shown_extra_data(extra_data: bytes) -> str:
    """Write extra data as a printable line."""
    text = extra_data.decode("utf-8", errors="replace")
    return "".join(character for character in text if character.isprintable()).strip()


def _letters(text: str) -> str:
    """Only what distinguishes names; a suffix of the site says nothing."""
    plain = text.lower().removesuffix(".org")
    return "".join(character for character in plain if character.isalnum())
