"""Several nodes of one chain as one: whoever can answer is asked, within what its provider allows.

All state is asked for by block hash, so it does not matter who answers. A node that does not know
a block may only be late: the next one is asked before the answer counts.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from typing_extensions import override

from searcher.adapters.clock import NS_PER_SECOND, Sleep, sleep
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.rpc import Rpc, masked, open_rpc
from searcher.errors import RpcError
from searcher.feed_health import FeedHealth
from searcher.ports import Clock
from searcher.settings.endpoints import EndpointSettings

ENDPOINT_TIMEOUT_SECONDS: Final = 4.0
"""For one request where somebody else can be asked: a third of Ethereum's slot."""

SILENCE_NS: Final = 60 * NS_PER_SECOND
"""Five slots: a node whose head nobody has heard of for longer is not live."""

EXECUTION_REVERTED: Final = 3
"""The JSON-RPC code of a call that ran and reverted: an answer, whoever gives it. Geth's docs."""

Answer = TypeVar("Answer")


class Budget:
    """Requests that may be sent now: a bucket that fills at a provider's rate, up to a second's."""

    def __init__(self, per_second: int | None, clock: Clock) -> None:
        """Begin full; None for no limit."""
        self._per_second = per_second
        self._clock = clock
        self._filled_ns = clock.now_ns()
        self._nano_requests = (per_second or 0) * NS_PER_SECOND

    def wait_s(self, requests: int) -> float:
        """Seconds until this many may be sent; more than a second's worth need a full bucket."""
        if self._per_second is None:
            return 0.0
        self._fill(self._per_second)
        wanted = min(requests, self._per_second) * NS_PER_SECOND
        missing = max(0, wanted - self._nano_requests)
        return missing / (self._per_second * NS_PER_SECOND)

    def spend(self, requests: int) -> None:
        """Count what is sent; a large batch leaves a debt."""
        self._nano_requests -= requests * NS_PER_SECOND

    def _fill(self, per_second: int) -> None:
        now_ns = self._clock.now_ns()
        earned = max(0, now_ns - self._filled_ns) * per_second
        self._nano_requests = min(self._nano_requests + earned, per_second * NS_PER_SECOND)
        self._filled_ns = now_ns


class Node:
    """One endpoint: how to reach it, what it may be asked, and whether it is avoided just now."""

    def __init__(
        self, rpc: Rpc, settings: EndpointSettings, *, name: str, clock: Clock, random: Random
    ) -> None:
        self.name = name
        self.rpc = rpc
        self.ws_url = settings.ws_url.get_secret_value() if settings.ws_url else None
        self.budget = Budget(settings.requests_per_second, clock)
        self.heads = FeedRecord(self.name, clock, silence_ns=SILENCE_NS)
        """What is known of its heads; kept by the feed."""
        self._clock = clock
        self._backoff = Backoff(random)
        self._avoided_until_ns = 0
        self._avoided_because = ""

    @property
    def is_avoided(self) -> bool:
        """Whether it failed so recently that others are asked first."""
        return self._clock.now_ns() < self._avoided_until_ns

    @property
    def avoided_because(self) -> str:
        """Why it is, in words; empty when it is not."""
        return self._avoided_because if self.is_avoided else ""

    def avoid(self, reason: str) -> None:
        """Ask others first for a while, longer with each failure in a row."""
        wait_ns = int(self._backoff.next_s() * NS_PER_SECOND)
        self._avoided_until_ns = self._clock.now_ns() + wait_ns
        self._avoided_because = reason

    def answered(self) -> None:
        """Note that it works."""
        self._backoff.reset()
        self._avoided_until_ns = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked, whoever is asked."""

    requests: int
    ask: Callable[[Rpc], Awaitable[object]]


class Endpoints(Rpc):
    """The nodes of a chain. Asks the first that works and may be asked; the others stand by."""

    def __init__(self, nodes: Sequence[Node], *, sleep: Sleep = sleep) -> None:
        self.nodes = tuple(nodes)
        self._sleep = sleep

    @override
    async def call(self, method: str, *params: object) -> object:
        return await self._answer(_Question(requests=1, ask=lambda rpc: rpc.call(method, *params)))

    @override
    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        question = _Question(requests=len(calls), ask=lambda rpc: rpc.batch(calls))
        answers = await self._answer(question)
        return answers if isinstance(answers, list) else []

    def distrust(self, reason: str) -> None:
        """Avoid the node that is asked first: what it answered makes no sense."""
        self._in_order()[0].avoid(reason)

    def health(self) -> tuple[FeedHealth, ...]:
        """Each node as a source of heads, in the order of the configuration."""
        return tuple(node.heads.health() for node in self.nodes)

    def _in_order(self) -> list[Node]:
        """Those that work before those that are avoided, else as configured."""
        return sorted(self.nodes, key=lambda node: node.is_avoided)

    async def _answer(self, question: _Question) -> object:
        """The first answer that is one; where nobody has any, the first refusal or null."""
        failures: list[RpcError] = []
        is_null = False
        for node in await self._affordable(question.requests):
            node.budget.spend(question.requests)
            try:
                answer = await question.ask(node.rpc)
            except RpcError as error:
                if _is_final(error):
                    raise
                if error.code is None:
                    node.avoid(error.reason)
                failures.append(error)
                continue
            node.answered()
            if answer is not None:
                return answer
            is_null = True
        if failures and not is_null:
            raise _first_refusal(failures)
        return None

    async def _affordable(self, requests: int) -> list[Node]:
        """The nodes to ask, in order: those within their budget now, else whoever is soonest."""
        while True:
            order = self._in_order()
            waits = {node.name: node.budget.wait_s(requests) for node in order}
            if now := [node for node in order if not waits[node.name]]:
                return now
            await self._sleep(min(waits.values()))


@asynccontextmanager
async def open_endpoints(
    nodes: Sequence[EndpointSettings], *, clock: Clock, random: Random
) -> AsyncIterator[Endpoints]:
    """Connection pools to all nodes, closed on exit; one node alone has longer to answer."""
    async with AsyncExitStack() as stack:
        opened: list[Node] = []
        for settings in nodes:
            url = settings.http_url.get_secret_value()
            rpc = await stack.enter_async_context(
                open_rpc(url, timeout_seconds=ENDPOINT_TIMEOUT_SECONDS)
                if len(nodes) > 1
                else open_rpc(url)
            )
            name = f"node {len(opened) + 1} ({masked(url)})"
            opened.append(Node(rpc, settings, name=name, clock=clock, random=random))
        yield Endpoints(opened)


def _is_final(error: RpcError) -> bool:
    """Whether every node would say the same: the call ran and reverted."""
    return error.code == EXECUTION_REVERTED or error.data is not None


def _first_refusal(failures: Sequence[RpcError]) -> RpcError:
    """A node's own words before a node's silence."""
    return next((error for error in failures if error.code is not None), failures[0])
