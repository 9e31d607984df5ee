"""The signature check: recorded headers pass, every recorded way to be wrong has its words."""

import json
from pathlib import Path

import pytest
from coincurve import PrivateKey
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.flashbots import HALF_CURVE_ORDER, address_of, sign_body
from sims.errors import SignatureFault, SignatureRefusedError
from sims.relay.signature import verify

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "relay_vectors.json").read_text())
VECTOR = VECTORS["signature"][2]
BODY = VECTOR["body"].encode()
ADDRESS, SIGNATURE = VECTOR["header"].split(":")
KEY = PrivateKey(bytes.fromhex("22" * 32))
CURVE_ORDER = 2 * HALF_CURVE_ORDER + 1


def header_over(digest: bytes) -> str:
    raw = KEY.sign_recoverable(digest, hasher=None)
    return f"{ADDRESS}:0x{(raw[:-1] + bytes([raw[-1] + 27])).hex()}"


def high_s_twin() -> str:
    raw = bytes.fromhex(SIGNATURE[2:])
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    flipped = bytes([55 - raw[64]])
    return f"{ADDRESS}:0x{(raw[:32] + s.to_bytes(32, 'big') + flipped).hex()}"


def personal(message: bytes) -> bytes:
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message)


REFUSED = {
    "missing": (None, SignatureFault.MISSING),
    "empty": ("", SignatureFault.MISSING),
    "no-colon": (ADDRESS + SIGNATURE, SignatureFault.SEPARATOR),
    "no-signature": (ADDRESS + ":", SignatureFault.EMPTY),
    "no-0x": (f"{ADDRESS}:{SIGNATURE[2:]}", SignatureFault.PREFIX),
    "odd": (f"{ADDRESS}:{SIGNATURE[:-1]}", SignatureFault.ODD),
    "not-hex": (f"{ADDRESS}:{SIGNATURE[:-1]}g", SignatureFault.DIGITS),
    "second-colon": (f"{ADDRESS}::{SIGNATURE}", SignatureFault.PREFIX),
    "no-digits": (f"{ADDRESS}:0x", SignatureFault.NIL),
    "truncated-by-four": (f"{ADDRESS}:{SIGNATURE[:-8]}", SignatureFault.RECOVERY_ID),
    "only-v": (f"{ADDRESS}:0x1b", SignatureFault.LENGTH),
    "four-appended": (f"{ADDRESS}:{SIGNATURE}0000001b", SignatureFault.LENGTH),
    "v-29": (f"{ADDRESS}:{SIGNATURE[:-2]}1d", SignatureFault.RECOVERY_ID),
    "zero-r-and-s": (f"{ADDRESS}:0x{'00' * 64}1b", SignatureFault.RECOVERY),
    "wrong-address": (f"0x{'11' * 20}:{SIGNATURE}", SignatureFault.MISMATCH),
    "no-address": (f"nobody:{SIGNATURE}", SignatureFault.MISMATCH),
    "high-s": (high_s_twin(), SignatureFault.NIL),
    "text-without-0x": (
        header_over(personal(keccak(BODY).hex().encode())),
        SignatureFault.MISMATCH,
    ),
    "raw-hash-signed": (header_over(personal(keccak(BODY))), SignatureFault.MISMATCH),
}


@pytest.mark.parametrize("vector", VECTORS["signature"], ids=lambda vector: vector["bodyKeccak"])
def test_recorded_header_verifies(vector: dict[str, str]) -> None:
    assert verify(vector["header"], vector["body"].encode()) == ADDRESS.lower()


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_header_is_refused_with_its_own_words(case: str) -> None:
    header, fault = REFUSED[case]

    with pytest.raises(SignatureRefusedError) as refusal:
        verify(header, BODY)

    assert refusal.value.fault is fault


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY[:-1], b""], ids=["byte-added", "byte-missing", "empty"]
)
def test_header_of_another_body_is_a_mismatch(body: bytes) -> None:
    with pytest.raises(SignatureRefusedError, match="signing address mismatch"):
        verify(VECTOR["header"], body)


@pytest.mark.parametrize(
    "address",
    [ADDRESS.lower(), "0x" + ADDRESS[2:].upper(), ADDRESS[2:], "0xffff" + ADDRESS[2:]],
    ids=["lower", "upper", "without-0x", "too-long"],
)
def test_address_is_read_leniently(address: str) -> None:
    assert verify(f"{address}:{SIGNATURE}", BODY) == ADDRESS.lower()


def test_recovery_id_without_offset_is_accepted() -> None:
    v = int(SIGNATURE[-2:], 16) - 27

    assert verify(f"{ADDRESS}:{SIGNATURE[:-2]}{v:02x}", BODY) == ADDRESS.lower()


@given(body=st.binary(max_size=300), secret=st.integers(min_value=1, max_value=2**255))
@example(body=b"", secret=1)
def test_what_the_client_signs_verifies(body: bytes, secret: int) -> None:
    key = PrivateKey(secret.to_bytes(32, "big"))

    assert verify(sign_body(body, key), body) == address_of(key.public_key)


@given(position=st.integers(min_value=0, max_value=len(BODY) - 1), flip=st.integers(1, 255))
def test_change_of_any_byte_is_a_mismatch(position: int, flip: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= flip

    with pytest.raises(SignatureRefusedError, match="signing address mismatch"):
        verify(VECTOR["header"], bytes(changed))


@given(header=st.text(max_size=200))
def test_any_other_header_is_refused_and_never_crashes(header: str) -> None:
    with pytest.raises(SignatureRefusedError):
        verify(header, BODY)
