"""Measurements: `just bench NAME [--json]`. Medians, and ratios against a peer in the same run."""
