"""Which tokens are tried before they are traded, and how."""

from typing import Annotated

from pydantic import Field

from searcher.settings.fields import Section


class AdmissionSettings(Section):
    """The trial of every token of a cycle that is bid on."""

    has_trial: bool = True
    """Whether tokens are tried; without, all are traded that `refused_tokens` does not name."""

    retry_blocks: Annotated[int, Field(ge=1)] = 300
    """A trial is repeated after so many blocks, and the token's code is compared."""

    pools: Annotated[int, Field(ge=1, le=8)] = 3
    """Of the known pools, those that hold most of the token, that it is bought from and sold to."""

    parts: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Field(min_length=1, max_length=8)] = (
        1_000_000,
        1_000,
        10,
    )
    """The pool's balance divided by each is an amount that is tried; the smallest amount first."""

    max_transfer_gas: Annotated[int, Field(ge=30_000, le=1_000_000)] = 150_000
    """A token that takes more for a transfer is refused."""
