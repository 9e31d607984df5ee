"""What this machine must have: keys, a place for the ledger, and a compiled search."""

import os
from pathlib import Path

from graphs.kernels import are_kernels_kept
from searcher.doctor.finding import Finding, failure, ok, warning


def ledger_finding(folder: Path) -> Finding:
    """Whether decisions can be recorded; nothing is created to find out."""
    title, remedy = "ledger", "set another folder under [ledger], or its permissions"
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        return failure(title, f"{existing} is no folder", remedy)
    if not os.access(existing, os.W_OK | os.X_OK):
        return failure(title, f"{existing} cannot be written", remedy)
    return ok(title, f"{folder} can be written")


def kernels_finding() -> Finding:
    """Whether the search is compiled."""
    if are_kernels_kept():
        return ok("search", "compiled")
    words = "not compiled; the first start takes some twenty seconds longer"
    return warning("search", words, "run `.venv/bin/sims compile`")
