"""Our decoders of calldata against eth-abi, on what wallets write and on what they do not."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, TypeVar

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.effects.calls import decode_call
from searcher.effects.outcome import UnforeseenError
from searcher.effects.router import Router, RouterKind
from searcher.effects.steps import EXACT_IN, SENDER, PairHop, RangeHop, RouterCall, Swap
from searcher.effects.words import addresses, blob, blobs, selector, tail
from searcher.errors import WireError

WETH: Final = Address("0x" + "aa" * 20)
WORDS = st.integers(0, 2**256 - 1) | st.sampled_from((0, 1, 31, 32, 64, 96, 128, 160, 2**255))
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
AMOUNTS = st.integers(0, 2**256 - 1)
V2_TYPES: Final = ("uint256", "uint256", "address[]", "address", "uint256")
V2_HEAD: Final = selector("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)")
V3_INNER: Final = ("bytes", "address", "uint256", "uint256", "uint256")
V3_TYPES: Final = ("(bytes,address,uint256,uint256,uint256)",)
V3_HEAD: Final = selector("exactInput((bytes,address,uint256,uint256,uint256))")


def router(kind: RouterKind) -> Router:
    return Router(
        kind=kind,
        address=Address("0x" + "ff" * 20),
        weth=WETH,
        v2_venue="v2",
        v3_venue="v3",
        sushi_venue="sushi",
        quote_pips=3_000,
    )


@st.composite
def spoilt(draw: st.DrawFn, encoded: bytes) -> bytes:
    """The bytes with words overwritten, cut off or appended."""
    content = bytearray(encoded)
    for _ in range(draw(st.integers(0, 3))):
        if len(content) >= 32:
            place = draw(st.integers(0, len(content) // 32 - 1)) * 32
            content[place : place + 32] = draw(WORDS).to_bytes(32, "big")
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content) + draw(st.binary(max_size=40))


def oracle(types: tuple[str, ...], data: bytes) -> tuple[Any, ...] | None:
    """What eth-abi reads; None where it refuses."""
    try:
        return decode(types, data)
    except (DecodingError, OverflowError):
        return None


_Read = TypeVar("_Read")


def ours(read: Callable[[], _Read]) -> _Read | None:
    """What we read; None where we refuse, which only these errors may say."""
    try:
        return read()
    except (WireError, UnforeseenError):
        return None


def points_into_head(content: bytes, place: int, *, heads: int, base: int = 0) -> bool:
    """Whether an offset is one that eth-abi refuses and contracts follow."""
    at = base + 32 * place
    return int.from_bytes(content[at : at + 32], "big") < 32 * heads


@given(st.data())
def test_v2_calls_are_read_as_eth_abi_reads_them(data: st.DataObject) -> None:
    path = data.draw(st.lists(ADDRESSES, max_size=5))
    values = [data.draw(AMOUNTS), data.draw(AMOUNTS), path, data.draw(ADDRESSES)]
    content = data.draw(spoilt(encode(V2_TYPES, [*values, data.draw(AMOUNTS)])))

    call = ours(lambda: decode_call(router(RouterKind.UNISWAP_V2), V2_HEAD + content, 0))
    expected = oracle(V2_TYPES, content)

    if expected is None or len(expected[2]) < 2:
        assert call is None or points_into_head(content, 2, heads=5)
        return
    amount, limit, tokens, recipient, deadline = expected
    hops = tuple(PairHop("v2", a, b, 3_000) for a, b in pairwise(tokens))
    swap = Swap(hops, amount, limit, EXACT_IN, SENDER, recipient)
    assert call == RouterCall((swap,), deadline)


@given(st.data())
def test_v3_paths_are_read_as_eth_abi_reads_them(data: st.DataObject) -> None:
    hops = data.draw(st.integers(1, 4))
    path = data.draw(st.binary(min_size=20 + 23 * hops, max_size=20 + 23 * hops))
    values = (path, data.draw(ADDRESSES), *(data.draw(AMOUNTS) for _ in range(3)))
    content = data.draw(spoilt(encode(V3_TYPES, [values])))

    call = ours(lambda: decode_call(router(RouterKind.UNISWAP_V3), V3_HEAD + content, 0))
    base = int.from_bytes(content[:32], "big")
    # Padding behind bytes is nothing to a contract, and the last of it may be missing.
    inner = (content + bytes(64))[base:] if base <= len(content) else b""
    try:
        read, *rest = decode(V3_INNER, inner, strict=False)
    except (DecodingError, OverflowError):
        assert call is None or points_into_head(inner, 0, heads=5)
        return

    if call is None:
        assert oracle(V3_TYPES, content) is None or is_no_path(read)
        return
    (swap,) = call.steps
    assert isinstance(swap, Swap)
    assert (swap.amount, swap.limit, call.deadline_s) == (rest[2], rest[3], rest[1])
    assert [hop.fee_pips for hop in swap.hops if isinstance(hop, RangeHop)] == [
        int.from_bytes(read[place + 20 : place + 23], "big")
        for place in range(0, len(read) - 20, 23)
    ]


def is_no_path(read: bytes) -> bool:
    return (len(read) - 20) % 23 != 0 or not 0 < (len(read) - 20) // 23 < 16


@given(st.data())
def test_arrays_are_read_as_eth_abi_reads_them(data: st.DataObject) -> None:
    tokens = data.draw(st.lists(ADDRESSES, max_size=4))
    content = data.draw(spoilt(encode(["address[]"], [tokens])))

    read = ours(lambda: addresses(content, tail(content, 0, 0)))
    expected = oracle(("address[]",), content)

    if expected is None:
        assert read is None or points_into_head(content, 0, heads=1)
    else:
        assert read == list(expected[0])


@given(st.data())
def test_nested_bytes_are_never_read_more_strictly_than_by_eth_abi(data: st.DataObject) -> None:
    """Less strictly in one way: eth-abi wants padding, contracts do not."""
    parts = data.draw(st.lists(st.binary(max_size=40), max_size=4))
    content = data.draw(spoilt(encode(["bytes", "bytes[]"], [b"\x0b\x00", parts])))

    def read() -> tuple[bytes, tuple[bytes, ...]]:
        first = blob(content, tail(content, 0, 0))
        return first, tuple(blobs(content, tail(content, 0, 32)))

    expected = oracle(("bytes", "bytes[]"), content)

    if expected is not None:
        assert ours(read) == expected


@pytest.mark.parametrize("kind", RouterKind)
@given(data=st.data())
def test_garbage_ends_in_typed_errors_only(kind: RouterKind, data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from([b"", *map(selector, SIGNATURES)]))
    content = chosen + data.draw(st.binary(max_size=600))
    value_wei = data.draw(st.sampled_from((0, 10**18)))

    ours(lambda: decode_call(router(kind), content, value_wei))


@pytest.mark.parametrize("kind", RouterKind)
@given(data=st.data())
def test_words_of_garbage_end_in_typed_errors_only(kind: RouterKind, data: st.DataObject) -> None:
    """Small numbers, which are offsets and lengths that point somewhere."""
    chosen = data.draw(st.sampled_from([selector(signature) for signature in SIGNATURES]))
    small = st.integers(0, 20).map(lambda count: count * 32) | st.integers(0, 40)
    words = data.draw(st.lists(small | WORDS, max_size=40))
    content = b"".join(word.to_bytes(32, "big") for word in words)

    ours(lambda: decode_call(router(kind), chosen + content, 0))


SIGNATURES: Final = (
    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
    "swapETHForExactTokens(uint256,address[],address,uint256)",
    "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
    "exactInput((bytes,address,uint256,uint256,uint256))",
    "exactOutput((bytes,address,uint256,uint256))",
    "multicall(bytes[])",
    "multicall(uint256,bytes[])",
    "execute(bytes,bytes[],uint256)",
    "execute(bytes,bytes[])",
    "unoswap(address,uint256,uint256,bytes32[])",
    "uniswapV3Swap(uint256,uint256,uint256[])",
    "unoswap2(uint256,uint256,uint256,uint256,uint256)",
    "ethUnoswap(uint256,uint256)",
    "sellToUniswap(address[],uint256,uint256,bool)",
    "sellTokenForTokenToUniswapV3(bytes,uint256,uint256,address)",
)
