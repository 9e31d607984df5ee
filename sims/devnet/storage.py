"""Files that are there whole or not at all, whatever interrupts their writing."""

import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target and rename over it. Folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=path.name, suffix=".tmp", delete=False
    ) as file:
        draft = Path(file.name)
        try:
            file.write(content)
            file.flush()
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
