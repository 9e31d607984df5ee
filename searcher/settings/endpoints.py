"""Nodes beside the first: who answers when it does not, and who contradicts it when it errs."""

from typing import Annotated

from pydantic import Field

from searcher.settings.fields import Endpoint, Section


class EndpointSettings(Section):
    """One node of a chain."""

    http_url: Endpoint
    """JSON-RPC over HTTP."""

    ws_url: Endpoint | None = None
    """The same node over websocket; None to poll it for heads."""

    requests_per_second: Annotated[int, Field(ge=1)] | None = None
    """What its provider allows, each call of a batch counted; None for no limit."""
