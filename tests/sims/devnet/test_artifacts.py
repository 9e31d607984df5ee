"""Bytecode is read from each shape that packages ship it in, and linked."""

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode

from graphs.units import Address
from sims.devnet.artifacts import ContractCode, load_code
from sims.errors import ArtifactError

LIBRARY = Address("0x" + "ab" * 20)
CODE = "6001600255"


def write(folder: Path, **fields: object) -> str:
    (folder / "Thing.json").write_text(json.dumps({"abi": [], **fields}))
    return "Thing.json"


@pytest.mark.parametrize(
    "fields",
    [
        {"bytecode": "0x" + CODE},
        {"bytecode": CODE},
        {"bytecode": {"object": "0x" + CODE}},
        {"evm": {"bytecode": {"object": CODE}}},
    ],
    ids=["prefixed", "bare", "object", "evm"],
)
def test_every_shape_gives_the_same_code(tmp_path: Path, fields: dict[str, object]) -> None:
    code = load_code(write(tmp_path, **fields), node_modules=tmp_path)

    assert code.creation_code.hex() == CODE


def test_library_address_fills_every_hole(tmp_path: Path) -> None:
    hole = "__$0123456789012345678901234567890123$__"
    positions = [{"start": 1, "length": 20}, {"start": 22, "length": 20}]
    path = write(
        tmp_path,
        bytecode=f"0x60{hole}73{hole}ff",
        linkReferences={"a.sol": {"Library": positions}},
    )

    code = load_code(path, node_modules=tmp_path).linked({"Library": LIBRARY})

    assert code.creation_code.hex() == "60" + "ab" * 20 + "73" + "ab" * 20 + "ff"


def test_init_code_ends_with_the_constructor_arguments(tmp_path: Path) -> None:
    inputs = [
        {"type": "tuple[]", "components": [{"type": "address"}, {"type": "uint8"}]},
        {"type": "string"},
    ]
    abi = [{"type": "constructor", "inputs": inputs}]
    code = load_code(write(tmp_path, bytecode=CODE, abi=abi), node_modules=tmp_path)

    arguments = encode(["(address,uint8)[]", "string"], ([(LIBRARY, 7)], "seven"))

    assert code.init_code([(LIBRARY, 7)], "seven") == bytes.fromhex(CODE) + arguments


def test_missing_artifact_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="npm ci"):
        load_code("absent.json", node_modules=tmp_path)


def test_interface_without_bytecode_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no bytecode"):
        load_code(write(tmp_path, bytecode="0x"), node_modules=tmp_path)


def test_constant_that_occurs_twice_is_not_exchanged() -> None:
    code = ContractCode(name="Thing", creation_code=b"\x01\x02\x01", constructor_types=())

    with pytest.raises(ArtifactError):
        code.replaced(b"\x01", b"\x03")
