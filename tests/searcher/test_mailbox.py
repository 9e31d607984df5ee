"""The two disciplines: nothing lost and in order; only the newest."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.errors import LagError
from searcher.mailbox import NewestMailbox, OrderedMailbox

ITEMS = st.lists(st.integers(), min_size=1, max_size=50)


@given(items=ITEMS)
def test_ordered_mailbox_gives_every_item_in_order(items: list[int]) -> None:
    async def exchange() -> list[int]:
        mailbox: OrderedMailbox[int] = OrderedMailbox(bound=len(items))
        for item in items:
            mailbox.put(item)
        return [await mailbox.get() for _ in items]

    assert asyncio.run(exchange()) == items


@given(bound=st.integers(min_value=1, max_value=50))
def test_ordered_mailbox_refuses_one_item_more_than_its_bound(bound: int) -> None:
    mailbox: OrderedMailbox[int] = OrderedMailbox(bound=bound)
    for item in range(bound):
        mailbox.put(item)

    with pytest.raises(LagError) as caught:
        mailbox.put(bound)

    assert caught.value.bound == bound


async def test_ordered_mailbox_keeps_what_it_held_when_it_overflowed() -> None:
    mailbox: OrderedMailbox[str] = OrderedMailbox(bound=1)
    mailbox.put("first")
    with pytest.raises(LagError):
        mailbox.put("second")

    assert await mailbox.get() == "first"


@given(items=ITEMS)
def test_newest_mailbox_gives_the_last_item_and_says_what_it_overwrote(items: list[int]) -> None:
    async def exchange() -> tuple[list[bool], int]:
        mailbox: NewestMailbox[int] = NewestMailbox()
        overwritten = [mailbox.put(item) for item in items]
        return overwritten, await mailbox.get()

    assert asyncio.run(exchange()) == ([False] + [True] * (len(items) - 1), items[-1])


async def test_newest_mailbox_is_empty_once_its_item_was_taken() -> None:
    mailbox: NewestMailbox[str] = NewestMailbox()
    mailbox.put("only")
    await mailbox.get()

    assert mailbox.put("next") is False


async def test_get_waits_for_an_item_that_comes_later() -> None:
    newest: NewestMailbox[str] = NewestMailbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(newest.get())
        asyncio.get_running_loop().call_soon(newest.put, "late")

    assert waiting.result() == "late"
