"""Calls and batches against a local node: order, refusals, masking, limits."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from searcher.adapters import rpc as rpc_module
from searcher.adapters.decoding import HEADER_ONLY
from searcher.adapters.rpc import Rpc, masked, open_rpc, open_subscription
from searcher.errors import RpcError
from tests.searcher.adapters.fake_node import FakeNode, RefusedError


@pytest.fixture
async def node() -> AsyncIterator[FakeNode]:
    async with FakeNode().serving() as serving:
        yield serving


@pytest.fixture
async def rpc(node: FakeNode) -> AsyncIterator[Rpc]:
    async with open_rpc(node.http_url) as opened:
        yield opened


async def reach(url: str) -> None:
    async with open_rpc(url) as http, open_subscription(url, "newHeads", kind=object):
        await http.call("eth_chainId")


async def listen(url: str, *, heard: list[object]) -> None:
    async with open_subscription(url, "newHeads", kind=object) as notifications:
        while True:
            heard.append(await anext(notifications))


def refuse(_params: object) -> object:
    raise RefusedError({"code": 3, "message": "execution\nreverted", "data": "0xdead"})


async def test_call_returns_the_result(node: FakeNode, rpc: Rpc) -> None:
    node.overrides["eth_chainId"] = lambda _params: "0x1"

    assert await rpc.call("eth_chainId") == "0x1"


async def test_call_returns_null_results_as_none(rpc: Rpc) -> None:
    assert await rpc.call("eth_getBlockByHash", "0x00", HEADER_ONLY) is None


async def test_batch_answers_in_the_order_of_the_calls(node: FakeNode, rpc: Rpc) -> None:
    node.overrides["echo"] = lambda params: params[0]

    results = await rpc.batch([("echo", (number,)) for number in range(5)])

    assert results == [0, 1, 2, 3, 4]


async def test_empty_batch_is_not_sent(node: FakeNode, rpc: Rpc) -> None:
    assert await rpc.batch([]) == []
    assert node.methods == []


async def test_refused_call_of_a_batch_is_named_with_its_code(node: FakeNode, rpc: Rpc) -> None:
    node.overrides = {"echo": lambda params: params[0], "eth_call": refuse}

    with pytest.raises(RpcError) as caught:
        await rpc.batch([("echo", (1,)), ("eth_call", ())])

    assert (caught.value.method, caught.value.code) == ("eth_call", 3)


async def test_refusal_carries_revert_data_but_does_not_show_it(node: FakeNode, rpc: Rpc) -> None:
    node.overrides["eth_call"] = refuse

    with pytest.raises(RpcError) as caught:
        await rpc.call("eth_call")

    assert caught.value.data == "0xdead"
    assert "dead" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b'{"id":0,"result":"\xff"}',
        b'{"id":0}',
        b'{"error":{"code":"x"}}',
    ],
)
async def test_answer_that_is_not_json_rpc_is_an_rpc_error(
    node: FakeNode, rpc: Rpc, body: bytes
) -> None:
    node.http_answer = web.Response(body=body)

    with pytest.raises(RpcError):
        await rpc.call("eth_chainId")
    node.http_answer = web.Response(body=body)
    with pytest.raises(RpcError):
        await rpc.batch([("eth_chainId", ())])


@pytest.mark.parametrize(
    "body", [b"[]", b'[{"id":1,"result":1}]', b'[{"id":0,"result":1},{"id":0,"result":2}]']
)
async def test_batch_with_missing_or_foreign_answers_fails(
    node: FakeNode, rpc: Rpc, body: bytes
) -> None:
    node.http_answer = web.Response(body=body)

    with pytest.raises(RpcError, match="do not match"):
        await rpc.batch([("eth_chainId", ())])


async def test_http_status_is_named_when_there_is_no_json_rpc(node: FakeNode, rpc: Rpc) -> None:
    node.http_answer = web.Response(status=429, body=b"slow down")

    with pytest.raises(RpcError, match="HTTP status 429"):
        await rpc.call("eth_chainId")


async def test_answer_beyond_the_limit_is_refused(
    node: FakeNode, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_module, "MAX_MESSAGE_BYTES", 1_000)
    node.overrides["echo"] = lambda _params: "x" * 2_000

    with pytest.raises(RpcError, match="exceeds 1000 bytes"):
        await rpc.call("echo")


async def test_redirect_is_not_followed(node: FakeNode, rpc: Rpc) -> None:
    node.http_answer = web.Response(status=307, headers={"Location": "http://169.254.169.254/"})

    with pytest.raises(RpcError, match="HTTP status 307"):
        await rpc.call("eth_chainId")


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_unreachable_node_is_one_line_without_the_key(scheme: str) -> None:
    url = f"{scheme}://user:canary@127.0.0.1:1/canary?canary=1"

    with pytest.raises(RpcError) as caught:
        await reach(url)

    assert "127.0.0.1:1" in str(caught.value)
    assert "canary" not in repr(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://eth.example/v2/KEY?k=KEY", "https://eth.example"),
        ("wss://u:KEY@eth.example:8546/KEY", "wss://eth.example:8546"),
        ("http://[::1", "an invalid URL"),
        ("http://h:99999999/KEY", "an invalid URL"),
        ("KEY", "an invalid URL"),
    ],
)
def test_masked_url_shows_scheme_host_and_port_only(url: str, shown: str) -> None:
    assert masked(url) == shown


async def test_subscription_yields_notifications_until_the_node_hangs_up(node: FakeNode) -> None:
    node.script = [{"number": "0x1"}, {"number": "0x2"}]
    heard: list[object] = []

    with pytest.raises(RpcError, match="hung up"):
        await listen(node.ws_url, heard=heard)

    assert heard == node.script


async def test_notification_beyond_aiohttp_default_limit_arrives(node: FakeNode) -> None:
    node.script = ["x" * 5_000_000]

    async with open_subscription(node.ws_url, "newHeads", kind=object) as notifications:
        assert await anext(notifications) == "x" * 5_000_000


async def test_notification_that_is_not_json_rpc_is_an_rpc_error(node: FakeNode) -> None:
    node.script = [b"\xff{"]

    async with open_subscription(node.ws_url, "newHeads", kind=object) as notifications:
        with pytest.raises(RpcError, match="not JSON-RPC"):
            await anext(notifications)
