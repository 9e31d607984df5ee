"""The trading key in another process: a Signer that asks over a unix socket.

The call blocks for a fraction of a millisecond, as signing itself does. What comes back is decoded
and held against what was asked, so a wrong signer is noticed before anything is sent.
"""

import socket
from pathlib import Path
from typing import Final

from typing_extensions import override

from graphs.units import Address
from searcher.errors import SignerError, UndecodableTransactionError, WireError
from searcher.ports import Signer, UnsignedTransaction
from searcher.settings.fields import ADDRESS
from searcher.signing_policy import (
    LINE_LIMIT,
    SigningAnswer,
    SigningRequest,
    read_answer,
    write_request,
)
from searcher.transactions import decode_transaction

NOTHING: Final = b"{}\n"
"""A request for nothing: it is refused in the name of the key that would have signed."""

ANSWER_SECONDS: Final = 1.0
"""For one signature; a signer that takes longer is broken."""


class RemoteSigner(Signer):
    """Signs through the signer process of one account on one chain."""

    def __init__(self, path: Path, *, chain_id: int, address: Address) -> None:
        """Nothing is asked yet; `address` is whose signatures are expected."""
        self._path = path
        self._chain_id = chain_id
        self._address = address

    @classmethod
    def connected(cls, path: Path, *, chain_id: int) -> "RemoteSigner":
        """For whatever account the process signs.

        Raises:
            SignerError: the process is not there, or does not say.
        """
        address = _ask(path, NOTHING).address
        if ADDRESS.fullmatch(address) is None:
            raise SignerError("it does not say whose key it holds")
        return cls(path, chain_id=chain_id, address=address)

    @property
    @override
    def address(self) -> Address:
        """The account whose nonce is used."""
        return self._address

    @override
    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """The raw signed transaction.

        Raises:
            SignerError: the process is not there, refused, or signed something else.
        """
        request = SigningRequest(chain_id=self._chain_id, transaction=transaction)
        answer = _ask(self._path, write_request(request))
        if answer.refusal:
            raise SignerError(f"it refused: {answer.refusal}")
        try:
            signed = decode_transaction(answer.raw)
        except UndecodableTransactionError as error:
            raise SignerError(str(error)) from None
        said = (signed.sender, signed.nonce, signed.to, signed.data, signed.value_wei)
        if said != (self._address, transaction.nonce, transaction.to, transaction.data, 0):
            raise SignerError("it signed something else")
        return answer.raw


def _ask(path: Path, request: bytes) -> SigningAnswer:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(path))
            connection.sendall(request)
            with connection.makefile("rb") as answer:
                return read_answer(answer.readline(LINE_LIMIT))
    except OSError as error:
        raise SignerError(f"it does not answer ({type(error).__name__}); start it") from None
    except WireError as error:
        raise SignerError(str(error)) from None
