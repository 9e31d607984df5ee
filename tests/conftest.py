"""What holds for every test: how many examples a property gets, and that all stay local."""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from searcher.command_line import RECURSION_LIMIT

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "gate",
    max_examples=300,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", max_examples=10_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate" if "CI" in os.environ else "dev"))


def pytest_collection_finish() -> None:
    """Lower the recursion limit again, once every test module has imported what it needs.

    eth-account's dependencies raise it so far that deeply nested JSON overflows the C stack.
    """
    sys.setrecursionlimit(RECURSION_LIMIT)


@pytest.fixture(scope="session", autouse=True)
def _nothing_leaves_the_machine() -> Iterator[None]:
    """Refuse every connection that is not to this machine, whatever a test or a library tries."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and not _is_local(address):
            raise OSError(f"a test must not connect to {address}")
        connect(self, address)  # type: ignore[arg-type]  # whatever the caller passed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_locally)
        yield


def _is_local(address: object) -> bool:
    host = address[0] if isinstance(address, tuple) else ""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
