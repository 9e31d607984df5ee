"""The constructor's struct: as the compiler sees it, and never more than it can hold."""

import pytest
from eth_abi.abi import encode

from graphs.units import Address
from searcher.wiring import NOWHERE, ConcentratedFactory, Wiring, constructor_argument
from tests.searcher.compiled_executor import constructor_types

FACTORY = ConcentratedFactory(deployer=Address("0x" + "f" * 40), init_code_hash="0x" + "1" * 64)
WIRING = Wiring(
    owner=Address("0x" + "1" * 40),
    beneficiary=Address("0x" + "2" * 40),
    weth=Address("0x" + "3" * 40),
    concentrated_factories=(FACTORY,),
)


@pytest.mark.slow
def test_argument_is_that_of_the_compiled_constructor() -> None:
    encoded = encode(constructor_types(), [constructor_argument(WIRING)])

    words = [encoded[start : start + 32].hex() for start in range(0, len(encoded), 32)]
    owner, beneficiary, guardian, weth = words[:4]
    assert [owner[24:], beneficiary[24:], weth[24:]] == ["1" * 40, "2" * 40, "3" * 40]
    assert guardian[24:] == NOWHERE[2:]
    assert words[9:] == ["0" * 24 + "f" * 40, "1" * 64, *["0" * 64] * 4]


def test_more_factories_than_the_executor_holds_are_refused() -> None:
    wiring = Wiring(
        owner=WIRING.owner,
        beneficiary=WIRING.beneficiary,
        weth=WIRING.weth,
        concentrated_factories=(FACTORY,) * 4,
    )

    with pytest.raises(ValueError, match="4 factories"):
        constructor_argument(wiring)
