"""The hostile tokens of the Foundry tests, compiled for Python's."""

import tomllib

import solcx

from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import ContractCode, constructor_types

CONTRACTS = ROOT / "contracts"
FILES = ("test/doubles/ToxicTokens.sol", "test/doubles/HostileTokens.sol")


def compile_tokens() -> dict[str, ContractCode]:
    """Every contract of both files, by name."""
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    request = {
        "language": "Solidity",
        "sources": {path: {"content": (CONTRACTS / path).read_text()} for path in FILES},
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": True},
            "evmVersion": profile["evm_version"],
            "outputSelection": {path: {"*": ["abi", "evm.bytecode.object"]} for path in FILES},
        },
    }
    output = solcx.compile_standard(
        request,
        base_path=CONTRACTS,
        allow_paths=(CONTRACTS / "node_modules").resolve(),
        solc_binary=CONTRACTS / profile["solc"],
    )
    return {
        name: ContractCode(
            name=name,
            creation_code=bytes.fromhex(compiled["evm"]["bytecode"]["object"]),
            constructor_types=constructor_types(compiled["abi"]),
        )
        for path in FILES
        for name, compiled in output["contracts"][path].items()
    }
