"""The local chain, for the tests of what stands on it."""

from tests.devnet_fixture import devnet, fresh_devnet, rpc

__all__ = ["devnet", "fresh_devnet", "rpc"]
