"""Whether what is received is kept, and where."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from searcher.settings.fields import Section


class ArchiveSettings(Section):
    """The archive of everything received."""

    folder: Path | None = None
    """Holds a folder for each network; None to keep nothing."""

    segment_mebibytes: Annotated[int, Field(ge=1)] = 256
    """A segment of this size is followed by another."""

    segment_seconds: Annotated[int, Field(ge=1)] = 3_600
    """So is one of this age."""
