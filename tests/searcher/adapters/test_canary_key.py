"""A canary key goes through every error path, and nothing that was said or kept shows it."""

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.keys import IdentityKey, TradingKey
from searcher.adapters.ledger import open_ledger
from searcher.adapters.relays import BuilderRelay, RequestDesk
from searcher.adapters.simulators import CallBundleSimulator
from searcher.builder_table import ROWS
from searcher.bundles import Offer, assemble
from searcher.event_log import EventLog
from searcher.model import LedgerRecord
from searcher.relay_answers import read_answer
from searcher.settlement import intent_of
from tests.searcher.adapters.http_endpoint import closed_url, serving
from tests.searcher.adapters.test_fan_out import TROUBLES
from tests.searcher.adapters.test_keys import CANARY, shows
from tests.searcher.fakes import HandClock
from tests.searcher.records import BID, EXECUTOR, START, admitted

CREDENTIAL = CANARY.hex()
BUNDLE = assemble(
    Offer(bids=(BID,), market=START),
    executor=EXECUTOR,
    signer=TradingKey(CANARY, chain_id=1),
    nonce=7,
)
IDENTITY = IdentityKey(CANARY)


def contents(folder: Path) -> bytes:
    """Every byte of every file, the database's journals too."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def said_at(url: str) -> list[LedgerRecord]:
    """What every kind of adapter records of an endpoint."""
    records: list[LedgerRecord] = []
    async with open_relay_session() as session:
        endpoint = FlashbotsEndpoint(session, name="canary", url=url, sign=IDENTITY.header)
        records.append(await CallBundleSimulator(endpoint).simulate(BUNDLE))
        for profile in ROWS[:9]:
            relay = BuilderRelay(
                endpoint,
                HandClock(),
                profile=profile,
                desk=RequestDesk(IDENTITY.header),
                credential=CREDENTIAL,
            )
            records += [
                await relay.submit(admitted(BUNDLE)),
                await relay.cancel(intent_of(BUNDLE), "no longer found"),
            ]
    return records


@pytest.mark.parametrize("trouble", ["429", "malformed", "html", "reset", "closed"])
async def test_canary_is_in_no_ledger_log_or_output(
    trouble: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if trouble == "closed":
        records = await said_at(closed_url())
    else:
        async with serving(TROUBLES[trouble][0]) as (url, _):
            records = await said_at(url)

    watch = EventLog().watch
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for record in records:
            ledger.record(record)
            watch(record)
    kept = contents(tmp_path)
    out, err = capfd.readouterr()
    assert records
    assert not shows(kept.decode("latin-1") + out + err + repr(records), CANARY)
    assert CANARY not in kept


@given(status=st.integers(100, 599), words=st.text())
def test_words_of_an_endpoint_are_all_that_a_refusal_holds(status: int, words: str) -> None:
    assert not shows(repr(read_answer(status, words.encode())), CANARY)


def test_canary_is_in_no_traceback_of_an_adapter() -> None:
    with pytest.raises(TypeError) as caught:
        IDENTITY.header("not bytes")  # type: ignore[arg-type]

    assert not shows("".join(traceback.format_exception(caught.value)), CANARY)
