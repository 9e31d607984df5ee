"""Every builder that is known, a row each, from the builders' pages and Flashbots' registry.

A row is what was read there, not a promise that somebody listens: `docs/relays.md` marks those
that are not active.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from searcher.relay_profiles import (
    BLOCK,
    BUILDERS,
    CALL,
    CANCEL,
    DROPPING,
    MAX_TIMESTAMP,
    MEV_SEND,
    MEV_SIMULATE,
    MIN_TIMESTAMP,
    REFUND_FIELDS,
    REPLACEMENT,
    REVERTING,
    SEND,
    STANDARD_FIELDS,
    TXS,
    Cancelling,
    Parameters,
    RelayProfile,
    Signing,
)

SEPOLIA_CHAIN_ID: Final = 11_155_111
HOODI_CHAIN_ID: Final = 560_048

_FLASHBOTS_LIMITS: Final = (
    (SEND, 1_800),
    (MEV_SEND, 1_800),
    (CANCEL, 600),
    (CALL, 300),
    (MEV_SIMULATE, 300),
)
"""Flashbots' documentation, rate limiting: a minute, a method, an address."""

_BUSY: Final = ((SEND, 3_000), (CANCEL, 3_000))
"""Titan's documented fifty a second."""

_BUILDERNET_LIMITS: Final = ((SEND, 600), (CANCEL, 600))
"""BuilderNet's documented hundred requests in ten seconds."""

_TITAN: Final = RelayProfile(
    name="titan",
    url="https://rpc.titanbuilder.xyz",
    signing=Signing.FLASHBOTS,
    fields=STANDARD_FIELDS | REFUND_FIELDS,
    is_block_optional=True,
    registered_as="Titan",
    requests_per_minute=_BUSY,
)

ROWS: Final = (
    RelayProfile(
        name="flashbots",
        url="https://relay.flashbots.net",
        signing=Signing.FLASHBOTS,
        fields=STANDARD_FIELDS | {BUILDERS},
        registered_as="flashbots",
        keeps_refunds=True,
        requests_per_minute=_FLASHBOTS_LIMITS,
    ),
    RelayProfile(
        name="flashbots-sepolia",
        url="https://relay-sepolia.flashbots.net",
        chain_id=SEPOLIA_CHAIN_ID,
        signing=Signing.FLASHBOTS,
        fields=STANDARD_FIELDS | {BUILDERS},
        keeps_refunds=True,
        requests_per_minute=_FLASHBOTS_LIMITS,
    ),
    RelayProfile(
        name="buildernet",
        url="https://rpc.buildernet.org",
        signing=Signing.BUILDERNET,
        fields=STANDARD_FIELDS | REFUND_FIELDS,
        cancelling=Cancelling.EMPTY_BUNDLE,
        is_block_optional=True,
        keeps_refunds=True,
        requests_per_minute=_BUILDERNET_LIMITS,
    ),
    _TITAN,
    RelayProfile(
        name="titan-hoodi",
        url="https://rpc-hoodi.titanbuilder.xyz/",
        chain_id=HOODI_CHAIN_ID,
        signing=_TITAN.signing,
        fields=_TITAN.fields,
        is_block_optional=True,
        requests_per_minute=_BUSY,
    ),
    RelayProfile(
        name="beaverbuild",
        url="https://rpc.beaverbuild.org",
        cancelling=Cancelling.EMPTY_BUNDLE,
        registered_as="beaverbuild.org",
    ),
    RelayProfile(
        name="rsync",
        url="https://rsync-builder.xyz",
        fields=STANDARD_FIELDS | REFUND_FIELDS,
        is_block_optional=True,
        registered_as="rsync",
    ),
    RelayProfile(
        name="quasar",
        url="https://rpc.quasar.win",
        fields=STANDARD_FIELDS | REFUND_FIELDS,
        registered_as="Quasar",
    ),
    RelayProfile(
        name="bloxroute",
        url="https://mev.api.blxrbdn.com",
        signing=Signing.BEARER,
        send_method="blxr_submit_bundle",
        fields=STANDARD_FIELDS | {DROPPING},
        renamed=(
            (TXS, "transaction"),
            (BLOCK, "block_number"),
            (MIN_TIMESTAMP, "min_timestamp"),
            (MAX_TIMESTAMP, "max_timestamp"),
            (REVERTING, "reverting_hashes"),
            (DROPPING, "dropping_hashes"),
            (REPLACEMENT, "uuid"),
        ),
        cancelling=Cancelling.EMPTY_BUNDLE,
        has_hex_prefix=False,
        parameters=Parameters.OBJECT,
        constants=(("mev_builders", '{"all":""}'),),
        registered_as="bloXroute",
        max_txs=2,
    ),
    RelayProfile(name="builder0x69", url="https://builder0x69.io", registered_as="builder0x69"),
    RelayProfile(name="btcs", url="https://rpc.btcs.com", registered_as="BTCS"),
    RelayProfile(
        name="penguinbuild",
        url="https://rpc.penguinbuild.org",
        cancelling=Cancelling.NONE,
        registered_as="penguinbuild",
    ),
    RelayProfile(
        name="jetbuilder",
        url="https://rpc.jetbldr.xyz",
        cancelling=Cancelling.NONE,
        registered_as="JetBuilder",
    ),
    RelayProfile(
        name="eureka",
        url="https://rpc.eurekabuilder.xyz",
        cancelling=Cancelling.NONE,
        registered_as="Eureka",
    ),
    RelayProfile(
        name="bobthebuilder",
        url="https://rpc.bobthebuilder.xyz",
        cancelling=Cancelling.NONE,
        registered_as="bobthebuilder",
    ),
    RelayProfile(
        name="loki",
        url="https://rpc.lokibuilder.xyz",
        cancelling=Cancelling.NONE,
        registered_as="Loki",
    ),
    RelayProfile(
        name="buildai",
        url="https://buildai.net",
        cancelling=Cancelling.NONE,
        registered_as="BuildAI",
        is_active=False,
    ),
    RelayProfile(
        name="blockbeelder",
        url="https://blockbeelder.com/rpc",
        cancelling=Cancelling.NONE,
        registered_as="Blockbeelder",
        is_active=False,
    ),
    RelayProfile(
        name="payload",
        url="https://rpc.payload.de",
        cancelling=Cancelling.NONE,
        registered_as="payload",
        is_active=False,
    ),
    RelayProfile(
        name="bananabuild",
        url="https://rpc.bananabuild.org",
        cancelling=Cancelling.NONE,
        is_active=False,
    ),
    RelayProfile(
        name="eth-builder",
        url="https://eth-builder.com",
        fields=STANDARD_FIELDS - {MIN_TIMESTAMP, MAX_TIMESTAMP},
        renamed=((REPLACEMENT, "uuid"),),
        cancelling=Cancelling.NONE,
        is_active=False,
    ),
    RelayProfile(
        name="merkle",
        url="https://mempool.merkle.io/relay",
        signing=Signing.BEARER,
        cancelling=Cancelling.NONE,
    ),
)

BY_NAME: Final[Mapping[str, RelayProfile]] = MappingProxyType({row.name: row for row in ROWS})
