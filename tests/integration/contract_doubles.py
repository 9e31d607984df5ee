"""Contracts of the Foundry tests, compiled for Python's: kept out of what a local chain deploys."""

import tomllib

import solcx

from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import ContractCode

CONTRACTS = ROOT / "contracts"


def compile_double(name: str) -> ContractCode:
    """Compile `contracts/test/doubles/<name>.sol`, which imports nothing, without a constructor."""
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    source = (CONTRACTS / "test" / "doubles" / f"{name}.sol").read_text()
    request = {
        "language": "Solidity",
        "sources": {name: {"content": source}},
        "settings": {
            "optimizer": {"enabled": True},
            "evmVersion": profile["evm_version"],
            "outputSelection": {name: {name: ["evm.bytecode.object"]}},
        },
    }
    output = solcx.compile_standard(request, solc_binary=CONTRACTS / profile["solc"])
    digits = output["contracts"][name][name]["evm"]["bytecode"]["object"]
    return ContractCode(name=name, creation_code=bytes.fromhex(digits), constructor_types=())
