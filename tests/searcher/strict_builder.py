"""A builder that refuses every request that is not exactly in its profile's dialect.

Written from the protocol and not from the client: it decodes with a JSON library, recovers the
signer from the bytes that arrived, and names the first thing that it does not like.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak

from searcher.relay_profiles import Parameters, RelayProfile, Signing

CREDENTIAL = "Y3JlZGVudGlhbA=="
HEADERS = {
    Signing.FLASHBOTS: "X-Flashbots-Signature",
    Signing.BUILDERNET: "X-BuilderNet-Signature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictBuilder:
    """Keeps the parameters of what it accepted, and its complaints about the rest."""

    profile: RelayProfile
    accepted: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Acknowledge, or name the flaw."""
        body = await request.read()
        try:
            self._check_headers(request, body)
            method, parameters = self._parameters(body)
            self._check_members(method, parameters)
        except AssertionError as flaw:
            self.complaints.append(str(flaw))
            message = {"id": 1, "error": {"code": -32602, "message": "Invalid params"}}
            return web.json_response(message)
        self.accepted.append((method, parameters))
        return web.json_response({"id": 1, "result": {"bundleHash": "0x" + "ab" * 32}})

    def _check_headers(self, request: web.Request, body: bytes) -> None:
        assert request.headers["Content-Type"] == "application/json", "content type"
        signing = self.profile.signing
        if signing is Signing.BEARER:
            assert request.headers.get("Authorization") == CREDENTIAL, "credential"
            return
        assert "Authorization" not in request.headers, "an authorization that nobody asked for"
        if signing is Signing.NONE:
            assert not any("Signature" in name for name in request.headers), "a signature"
            return
        address, _, signature = request.headers[HEADERS[signing]].partition(":")
        message = encode_defunct(text="0x" + keccak(body).hex())
        assert Account.recover_message(message, signature=signature) == address, "signer"

    def _parameters(self, body: bytes) -> tuple[str, dict[str, object]]:
        envelope = json.loads(body)
        assert set(envelope) == {"jsonrpc", "id", "method", "params"}, "envelope"
        assert envelope["jsonrpc"] == "2.0", "version"
        parameters = envelope["params"]
        if self.profile.parameters is Parameters.LIST:
            assert isinstance(parameters, list), "params is no list"
            (parameters,) = parameters
        assert isinstance(parameters, dict), "params holds no object"
        return envelope["method"], parameters

    def _check_members(self, method: str, parameters: Mapping[str, object]) -> None:
        words = {self.profile.word(name) for name in self.profile.fields}
        constants = dict(self.profile.constants)
        unknown = set(parameters) - words - set(constants)
        assert not unknown, f"unknown members {unknown}"
        if method != self.profile.send_method:
            assert set(parameters) == {self.profile.word("replacementUuid")}, "cancellation"
            return
        txs = parameters[self.profile.word("txs")]
        assert isinstance(txs, list), "txs"
        for tx in txs:
            assert isinstance(tx, str), "tx"
            assert tx.startswith("0x") == self.profile.has_hex_prefix, "prefix"
            bytes.fromhex(tx.removeprefix("0x"))
        block = parameters[self.profile.word("blockNumber")]
        assert isinstance(block, str), "block"
        assert block == hex(int(block, 16)), "block"
