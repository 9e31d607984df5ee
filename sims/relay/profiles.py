"""Whose manners the relay has: every difference between the relays of the field, as data.

A profile says which signatures it accepts, which methods it knows, with which status and words it
refuses, and what it wants in a bundle. To imitate another relay, write another profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from graphs.units import Address
from searcher.flashbots import SIGNATURE_HEADER
from sims.errors import RefusalStage
from sims.relay.words import Fault

BUILDERNET_SIGNATURE_HEADER: Final = "X-BuilderNet-Signature"
"""Looked at before the Flashbots header."""

LEGACY_LEAST_GAS: Final = 42_000
"""Of a simulated bundle (mev-relay-js)."""

BUNDLE_METHODS: Final = frozenset({"eth_sendBundle", "eth_cancelBundle", "eth_callBundle"})
PRIVATE_METHODS: Final = frozenset(
    {
        "eth_sendPrivateTransaction",
        "eth_sendPrivateRawTransaction",
        "eth_cancelPrivateTransaction",
    }
)
SHARE_METHODS: Final = frozenset({"mev_sendBundle", "mev_simBundle"})
STATISTICS_METHODS: Final = frozenset(
    {
        "flashbots_getUserStats",
        "flashbots_getUserStatsV2",
        "flashbots_getBundleStats",
        "flashbots_getBundleStatsV2",
        "flashbots_getSbundleStats",
    }
)

OK: Final = 200
BAD_REQUEST: Final = 400
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500


class SignatureRules(StrEnum):
    """How a signature header is judged."""

    GO_UTILS = "go-utils"
    """In the order and with the words of the public relay's server library."""

    LEGACY = "legacy"
    """As the first public relay did, which accepted a high s."""

    NONE = "none"
    """Not at all; a header names the sender, where one verifies."""


class Envelope(StrEnum):
    """The shape of an error."""

    JSON_RPC = "json-rpc"
    LEGACY = "legacy"
    """`{"error": {"message": ...}}`, whatever the request looked like."""

    OLDER_LEGACY = "older-legacy"
    """`{"error": ...}` with the bare words."""


class CallDialect(StrEnum):
    """How the result of `eth_callBundle` is written."""

    GETH = "geth"
    """Decimal strings for wei, JSON integers for gas."""

    RETH = "reth"
    """Decimal strings for wei, hex quantities for gas."""


class Acknowledgement(StrEnum):
    """What is answered to a request that succeeded."""

    FULL = "full"
    """The bundle's hash; the hashes of what was cancelled."""

    NULL = "null"
    STATUS = "status"
    """The integer 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """How a stage refuses."""

    status: int
    """Of HTTP."""

    code: int
    """Of JSON-RPC."""

    words: str | None = None
    """Instead of the refusal's own; `{subject}` stands for the method's or the signer's name."""

    has_id: bool = True
    """Whether the request's id is told; else it is null."""


GO_UTILS_WORDS: Final = MappingProxyType(
    dict.fromkeys(
        (Fault.NO_PARAMETERS, Fault.BLOCK_TYPE, Fault.MIN_TIMESTAMP, Fault.MAX_TIMESTAMP),
        Fault.BUNDLE,
    )
)
"""A decoder that fails says no more than that it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One relay's manners."""

    name: str
    """For the command line."""

    errors: Mapping[RefusalStage, ErrorAnswer]
    """How each stage refuses."""

    methods: frozenset[str]
    """What it knows."""

    signature_headers: tuple[str, ...] = (SIGNATURE_HEADER,)
    """Where a signature may be, the first that is there counts."""

    signature_rules: SignatureRules = SignatureRules.GO_UTILS
    """How it is judged."""

    missing_signature: str | None = None
    """The words for a header that is not there; None for the rules' own."""

    envelope: Envelope = Envelope.JSON_RPC
    """The shape of an error."""

    needs_exact_content_type: bool = False
    """Whether a parameter of the media type is refused, too."""

    needs_id: bool = False
    """Whether a request without an id is refused."""

    words: Mapping[Fault, str] = field(default_factory=lambda: GO_UTILS_WORDS)
    """For refused parameters, in the place of the faults' own."""

    default_version: str = "v1"
    """Of a bundle that names none; refunds and droppable transactions need v2."""

    is_block_optional: bool = False
    """Whether a bundle without a block is for the next one."""

    cancels_by_empty_bundle: bool = False
    """Whether a bundle without transactions cancels the one of its replacement id."""

    judges_statically: bool = False
    """Whether transactions that can never be valid are refused at once."""

    sent: Acknowledgement = Acknowledgement.FULL
    """Answered to a bundle."""

    cancelled: Acknowledgement = Acknowledgement.FULL
    """Answered to a cancellation."""

    call_dialect: CallDialect = CallDialect.GETH
    """Of simulations."""

    least_gas: int = 0
    """That a simulated bundle must use."""

    statistics_status: int | None = None
    """With which the statistics methods are answered; None where they are unknown."""

    refused_callees: frozenset[Address] = frozenset()
    """No transaction may call them."""

    requests_per_minute: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Of one host, by method."""

    other_requests_per_minute: int | None = None
    """Of one host, for each other method; None for no limit."""


_GO_UTILS_ERRORS: Final = MappingProxyType(
    {
        RefusalStage.PARSE: ErrorAnswer(status=OK, code=-32700),
        RefusalStage.REQUEST: ErrorAnswer(status=OK, code=-32600),
        RefusalStage.SIGNATURE: ErrorAnswer(status=OK, code=-32600, has_id=False),
        RefusalStage.RATE: ErrorAnswer(status=TOO_MANY_REQUESTS, code=-32600),
        RefusalStage.METHOD: ErrorAnswer(status=OK, code=-32601, words="method not found"),
        RefusalStage.PARAMETERS: ErrorAnswer(status=OK, code=-32000),
        RefusalStage.INTERNAL: ErrorAnswer(status=OK, code=-32000),
    }
)

_FLOWPROXY_ERRORS: Final = MappingProxyType(
    {
        RefusalStage.PARSE: ErrorAnswer(status=BAD_REQUEST, code=-32700, words="Parse error"),
        RefusalStage.REQUEST: ErrorAnswer(status=BAD_REQUEST, code=-32600, words="Invalid Request"),
        RefusalStage.SIGNATURE: ErrorAnswer(
            status=BAD_REQUEST, code=-32603, words="Invalid signature", has_id=False
        ),
        RefusalStage.RATE: ErrorAnswer(
            status=TOO_MANY_REQUESTS, code=-32603, words="Rate limited", has_id=False
        ),
        RefusalStage.METHOD: ErrorAnswer(
            status=NOT_FOUND, code=-32601, words="Method not found: {subject}"
        ),
        RefusalStage.PARAMETERS: ErrorAnswer(
            status=BAD_REQUEST, code=-32602, words="Invalid params"
        ),
        RefusalStage.INTERNAL: ErrorAnswer(status=SERVER_ERROR, code=-32603),
    }
)

_LEGACY_ERRORS: Final = MappingProxyType(
    {
        **{stage: ErrorAnswer(status=BAD_REQUEST, code=0) for stage in RefusalStage},
        RefusalStage.SIGNATURE: ErrorAnswer(status=FORBIDDEN, code=0),
        RefusalStage.RATE: ErrorAnswer(status=TOO_MANY_REQUESTS, code=0),
        RefusalStage.METHOD: ErrorAnswer(
            status=BAD_REQUEST,
            code=0,
            words="invalid method, only eth_sendBundle,eth_callBundle,flashbots_getUserStats "
            "supported, you provided: {subject}",
        ),
    }
)

FLASHBOTS: Final = Profile(
    name="flashbots",
    errors=_GO_UTILS_ERRORS,
    methods=BUNDLE_METHODS | PRIVATE_METHODS | SHARE_METHODS,
    needs_exact_content_type=True,
    statistics_status=FORBIDDEN,
    requests_per_minute=MappingProxyType(
        {
            "eth_sendBundle": 1_800,
            "mev_sendBundle": 1_800,
            "eth_cancelBundle": 600,
            "mev_simBundle": 300,
            "eth_callBundle": 300,
        }
    ),
    other_requests_per_minute=120,
)
"""relay.flashbots.net as its documentation and its server library (go-utils) have it."""

FLASHBOTS_LIVE: Final = replace(
    FLASHBOTS,
    name="flashbots-live",
    missing_signature="signature is required",
    errors=MappingProxyType(
        {
            **_GO_UTILS_ERRORS,
            RefusalStage.SIGNATURE: ErrorAnswer(
                status=OK, code=-32600, words="error in signature check {subject}"
            ),
        }
    ),
)
"""With the words for a bad signature that users of the live relay report."""

FLASHBOTS_ROUTE: Final = replace(
    FLASHBOTS,
    name="flashbots-route",
    errors=MappingProxyType(
        {
            **_GO_UTILS_ERRORS,
            RefusalStage.SIGNATURE: ErrorAnswer(
                status=OK, code=-32025, words="invalid flashbots signature", has_id=False
            ),
        }
    ),
)
"""With the words that users report from another of the live relay's routes."""

LEGACY: Final = Profile(
    name="legacy",
    errors=_LEGACY_ERRORS,
    methods=frozenset({"eth_sendBundle", "eth_callBundle"}),
    signature_rules=SignatureRules.LEGACY,
    envelope=Envelope.LEGACY,
    words=MappingProxyType(
        {
            Fault.BUNDLE: Fault.TXS,
            Fault.NO_TXS: Fault.TXS,
            Fault.NO_BLOCK: "missing block param",
            Fault.BLOCK_TYPE: Fault.BLOCK,
            Fault.ARGUMENTS: Fault.NO_PARAMETERS,
            Fault.NO_NODE: "failed to simulate",
        }
    ),
    least_gas=LEGACY_LEAST_GAS,
    statistics_status=BAD_REQUEST,
)
"""The first public relay (mev-relay-js)."""

OLDER_LEGACY: Final = replace(LEGACY, name="older-legacy", envelope=Envelope.OLDER_LEGACY)
"""Before its errors became objects."""

BUILDERNET: Final = Profile(
    name="buildernet",
    errors=_FLOWPROXY_ERRORS,
    methods=frozenset({"eth_sendBundle", "eth_sendRawTransaction"}),
    signature_headers=(BUILDERNET_SIGNATURE_HEADER, SIGNATURE_HEADER),
    needs_id=True,
    default_version="v2",
    is_block_optional=True,
    cancels_by_empty_bundle=True,
    judges_statically=True,
)
"""BuilderNet's direct endpoint (FlowProxy); its own bundle id is not imitated."""

UNSIGNED: Final = Profile(
    name="unsigned",
    errors=_GO_UTILS_ERRORS,
    methods=BUNDLE_METHODS | {"eth_sendPrivateRawTransaction"},
    signature_rules=SignatureRules.NONE,
    default_version="v2",
    is_block_optional=True,
    cancels_by_empty_bundle=True,
    cancelled=Acknowledgement.STATUS,
)
"""Titan, rsync, beaverbuild: no signature needed, cancelled in either way."""

GETH: Final = replace(
    UNSIGNED,
    name="geth",
    methods=BUNDLE_METHODS,
    is_block_optional=False,
    cancels_by_empty_bundle=False,
    sent=Acknowledgement.NULL,
    cancelled=Acknowledgement.NULL,
)
"""A geth node that builds blocks; it acknowledges with null."""

RETH: Final = replace(GETH, name="reth", call_dialect=CallDialect.RETH)
"""A reth node, which writes its simulations otherwise."""

PROFILES: Final = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            FLASHBOTS,
            FLASHBOTS_LIVE,
            FLASHBOTS_ROUTE,
            LEGACY,
            OLDER_LEGACY,
            BUILDERNET,
            UNSIGNED,
            GETH,
            RETH,
        )
    }
)
"""By name."""
