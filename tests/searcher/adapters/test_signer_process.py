"""The signer process signs calls of our executor, nothing else; its client is a Signer."""

import asyncio
import json
import stat
import traceback
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from graphs.units import Address
from searcher.adapters.keys import TradingKey, load_secret
from searcher.adapters.remote_signer import RemoteSigner
from searcher.adapters.signer_process import SignerProcess, listening
from searcher.errors import ConfigError, KeyMissingError, SignerError, WireError
from searcher.ports import UnsignedTransaction
from searcher.signing_policy import (
    SigningPolicy,
    SigningRequest,
    read_answer,
    read_request,
    write_request,
)
from tests.searcher.adapters.test_keys import CANARY, TRANSACTIONS, shows
from tests.searcher.records import EXECUTOR

CHAIN_ID = 31_337
GWEI = 10**9
KEY = TradingKey(CANARY, chain_id=CHAIN_ID)
POLICY = SigningPolicy(
    chain_id=CHAIN_ID, executor=EXECUTOR, max_gas_gas=1_000_000, max_fee_per_gas_wei=100 * GWEI
)
PROCESS = SignerProcess(signer=KEY, policy=POLICY)
ALLOWED = UnsignedTransaction(
    nonce=7,
    to=EXECUTOR,
    data=b"\x01" * 500,
    gas_limit_gas=1_000_000,
    max_fee_per_gas_wei=100 * GWEI,
    max_priority_fee_per_gas_wei=0,
)


@pytest.fixture
async def socket_path(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "signer.sock"
    async with listening(PROCESS, path):
        yield path


def client(path: Path, *, chain_id: int = CHAIN_ID, address: Address = KEY.address) -> RemoteSigner:
    return RemoteSigner(path, chain_id=chain_id, address=address)


async def test_client_signs_as_the_key_itself_would(socket_path: Path) -> None:
    signer = client(socket_path)

    raw = await asyncio.to_thread(signer.sign, ALLOWED)

    assert raw == KEY.sign(ALLOWED)
    assert signer.address == KEY.address


@pytest.mark.parametrize(
    ("transaction", "words"),
    [
        (replace(ALLOWED, to=Address("0x" + "99" * 20)), "another recipient"),
        (replace(ALLOWED, gas_limit_gas=1_000_001), "more gas"),
        (replace(ALLOWED, max_fee_per_gas_wei=100 * GWEI + 1), "a higher fee"),
        (replace(ALLOWED, max_priority_fee_per_gas_wei=100 * GWEI + 1), "a higher fee"),
    ],
)
async def test_what_the_policy_does_not_allow_is_refused(
    socket_path: Path, transaction: UnsignedTransaction, words: str
) -> None:
    with pytest.raises(SignerError, match=words) as caught:
        await asyncio.to_thread(client(socket_path).sign, transaction)

    assert not shows("".join(traceback.format_exception(caught.value)), CANARY)


async def test_other_chain_is_refused(socket_path: Path) -> None:
    with pytest.raises(SignerError, match="another chain"):
        await asyncio.to_thread(client(socket_path, chain_id=1).sign, ALLOWED)


async def test_signature_of_another_account_is_noticed(socket_path: Path) -> None:
    stranger = client(socket_path, address=Address("0x" + "99" * 20))

    with pytest.raises(SignerError, match="something else"):
        await asyncio.to_thread(stranger.sign, ALLOWED)


class Careless(TradingKey):
    """Signs, with the next nonce."""

    @override
    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """Another transaction than was asked for."""
        return super().sign(replace(transaction, nonce=transaction.nonce + 1))


async def test_other_transaction_than_asked_for_is_noticed(tmp_path: Path) -> None:
    careless = SignerProcess(signer=Careless(CANARY, chain_id=CHAIN_ID), policy=POLICY)
    path = tmp_path / "signer.sock"
    async with listening(careless, path):
        with pytest.raises(SignerError, match="something else"):
            await asyncio.to_thread(client(path).sign, ALLOWED)


async def test_socket_is_its_owners_alone_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "signer.sock"
    async with listening(PROCESS, path):
        mode = stat.S_IMODE(path.stat().st_mode)

    assert mode & 0o077 == 0
    assert not path.exists()


async def test_socket_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        async with listening(PROCESS, tmp_path / ("long" * 40)):
            pass


async def test_client_learns_whose_key_it_is(socket_path: Path) -> None:
    signer = await asyncio.to_thread(RemoteSigner.connected, socket_path, chain_id=CHAIN_ID)

    assert signer.address == KEY.address
    assert await asyncio.to_thread(signer.sign, ALLOWED) == KEY.sign(ALLOWED)


async def test_signer_without_an_address_is_refused(tmp_path: Path) -> None:
    async def answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"{}\n")
        writer.close()

    path = tmp_path / "signer.sock"
    async with await asyncio.start_unix_server(answer_nothing, path):
        with pytest.raises(SignerError, match="whose key"):
            await asyncio.to_thread(RemoteSigner.connected, path, chain_id=CHAIN_ID)


def test_signer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="start it"):
        client(tmp_path / "nothing.sock").sign(ALLOWED)


@given(transaction=TRANSACTIONS, chain_id=st.integers(1, 2**64))
def test_request_is_read_as_it_was_written(transaction: UnsignedTransaction, chain_id: int) -> None:
    request = SigningRequest(chain_id=chain_id, transaction=transaction)

    assert read_request(write_request(request)) == request


@given(transaction=TRANSACTIONS, chain_id=st.integers(1, 2) | st.just(CHAIN_ID))
def test_nothing_outside_of_the_policy_is_signed(
    transaction: UnsignedTransaction, chain_id: int
) -> None:
    answer = PROCESS.answer(
        write_request(SigningRequest(chain_id=chain_id, transaction=transaction))
    )

    allowed = (
        chain_id == CHAIN_ID
        and transaction.to == EXECUTOR
        and transaction.gas_limit_gas <= POLICY.max_gas_gas
        and transaction.max_priority_fee_per_gas_wei
        <= transaction.max_fee_per_gas_wei
        <= POLICY.max_fee_per_gas_wei
    )
    assert (answer.raw != b"") == allowed == (answer.refusal == "")


@given(line=st.binary() | st.text().map(str.encode))
def test_any_bytes_get_a_refusal_without_the_key(line: bytes) -> None:
    answer = PROCESS.answer(line)

    assert answer.raw == b""
    assert not shows(repr(answer), CANARY)


@given(line=st.binary())
def test_any_answer_is_read_or_a_wire_error(line: bytes) -> None:
    with suppress(WireError):
        assert read_answer(line).raw is not None


def keystore(path: Path, passphrase: str) -> str:
    file = path / "key.json"
    encrypted = Account.encrypt(CANARY, passphrase, kdf="pbkdf2", iterations=2)
    file.write_text(json.dumps(encrypted), encoding="utf-8")
    return f"keystore:{file}"


def test_key_file_opens_with_its_passphrase(tmp_path: Path) -> None:
    reference = keystore(tmp_path, "correct horse")

    secret = load_secret(reference, {"SEARCHER_KEYSTORE_PASSPHRASE": "correct horse"})

    assert secret == CANARY


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (None, "wrong"),
        (None, None),
        ("", "correct horse"),
        ("{}", "correct horse"),
        ("[]", "correct horse"),
        ('{"version": 3}', "correct horse"),
        ('{"version": 9, "crypto": {}}', "correct horse"),
        (CANARY.hex(), "correct horse"),
    ],
)
def test_key_file_that_does_not_open_is_an_error_without_key_or_passphrase(
    tmp_path: Path, content: str | None, passphrase: str | None
) -> None:
    reference = keystore(tmp_path, "correct horse")
    if content is not None:
        (tmp_path / "key.json").write_text(content, encoding="utf-8")
    variables = {} if passphrase is None else {"SEARCHER_KEYSTORE_PASSPHRASE": passphrase}

    with pytest.raises(KeyMissingError) as caught:
        load_secret(reference, variables)

    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert not shows(said, CANARY)
    assert "correct horse" not in str(caught.value)


def test_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError, match="cannot be read"):
        load_secret(f"keystore:{tmp_path}/none", {"SEARCHER_KEYSTORE_PASSPHRASE": ""})
