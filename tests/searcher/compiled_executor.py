"""The executor's interface as the compiler sees it."""

from pathlib import Path
from typing import Any

from eth_utils.abi import collapse_if_tuple

from sims.devnet.compiler import compile_contracts

ROOT = Path(__file__).parents[2]


def constructor_types() -> list[str]:
    """Of the arguments, tuples spelt out."""
    (constructor,) = [entry for entry in _abi() if entry["type"] == "constructor"]
    return [collapse_if_tuple(argument) for argument in constructor["inputs"]]


def signatures(kind: str) -> set[str]:
    """Of its functions, events or errors."""
    return {
        f"{entry['name']}({','.join(collapse_if_tuple(argument) for argument in entry['inputs'])})"
        for entry in _abi()
        if entry["type"] == kind
    }


def _abi() -> tuple[dict[str, Any], ...]:
    return compile_contracts(ROOT)["ArbitrageExecutor"].abi
