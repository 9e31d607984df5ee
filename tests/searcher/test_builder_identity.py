"""Whose block it is, from the extra data that builders really write."""

import pytest

from searcher.builder_identity import Recipient, shown_extra_data, was_sent_to
from searcher.builder_table import BY_NAME

TITAN = Recipient(profile=BY_NAME["titan"])
FLASHBOTS = Recipient(profile=BY_NAME["flashbots"])


@pytest.mark.parametrize(
    ("extra", "recipient", "expected"),
    [
        ("Titan (titanbuilder.xyz)", TITAN, True),
        ("beaverbuild.org", TITAN, False),
        ("BuilderNet (Flashbots)", FLASHBOTS, True),
        ("rsync-builder.xyz", FLASHBOTS, False),
        ("Quasar (quasar.win)", TITAN, False),
        ("geth go1.22.4 linux", TITAN, None),
        ("", TITAN, None),
    ],
)
def test_builder_is_told_by_its_signature(
    extra: str, recipient: Recipient, *, expected: bool | None
) -> None:
    assert was_sent_to(extra.encode(), [recipient]) is expected


def test_builder_that_flashbots_forwards_to_had_the_bundle() -> None:
    forwarding = Recipient(profile=BY_NAME["flashbots"], forwarded=("Titan",))

    assert was_sent_to(b"Titan (titanbuilder.xyz)", [forwarding]) is True
    assert was_sent_to(b"beaverbuild.org", [forwarding]) is False


def test_extra_data_is_shown_on_one_printable_line() -> None:
    assert shown_extra_data(b"\x1b[31m\xffred\n") == "[31m\ufffdred"
