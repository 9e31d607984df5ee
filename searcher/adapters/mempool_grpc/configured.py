"""The sources that a network's settings name, ready to be listened to."""

from typing import assert_never

from graphs.units import Address
from searcher.adapters.mempool_grpc.bloxroute import AUTHORIZATION, bloxroute_stream
from searcher.adapters.mempool_grpc.erigon import erigon_stream
from searcher.adapters.mempool_grpc.fiber import API_KEY, fiber_stream
from searcher.adapters.mempool_grpc.raw_stream import Endpoint, RawStream
from searcher.adapters.mempool_grpc.screening import Wanted
from searcher.adapters.mempool_grpc.source import GrpcTransactions, Patience
from searcher.adapters.surroundings import Surroundings
from searcher.settings.mempool_grpc import GrpcSourceSettings


def configured_source(
    settings: GrpcSourceSettings, *, chain_id: int, surroundings: Surroundings
) -> GrpcTransactions:
    """Return the source that the settings describe; it connects when it is iterated."""
    credential = settings.auth.get_secret_value() if settings.auth else None
    key = AUTHORIZATION if settings.kind == "bloxroute" else API_KEY
    return GrpcTransactions(
        Endpoint(
            name=settings.name,
            target=settings.target.get_secret_value(),
            metadata=() if credential is None else ((key, credential),),
            is_tls=settings.tls,
        ),
        stream=_stream(settings),
        wanted=Wanted(
            chain_id=chain_id,
            to=frozenset(map(Address, settings.to)),
            methods=frozenset(_methods(settings)),
        ),
        surroundings=surroundings,
        patience=Patience(
            silence_s=settings.silence_seconds,
            audit_s=settings.audit_seconds,
            queue_frames=settings.queue_frames,
        ),
    )


def _stream(settings: GrpcSourceSettings) -> RawStream:
    match settings.kind:
        case "bloxroute":
            return bloxroute_stream(filters=settings.filters, is_pending=settings.pending_only)
        case "fiber":
            return fiber_stream(to=map(Address, settings.to), methods=_methods(settings))
        case "erigon":
            return erigon_stream()
        case _:
            assert_never(settings.kind)


def _methods(settings: GrpcSourceSettings) -> list[bytes]:
    return [bytes.fromhex(method[2:]) for method in settings.methods]
