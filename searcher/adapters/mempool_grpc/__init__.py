"""Raw pending transactions over gRPC: bloXroute gateways, Chainbound Fiber, Erigon's pool.

Each protocol is a RawStream, a value that says what to call and how to read a message; one source
listens to any of them. `wire` is generated from `protos/` by `just protos`.
"""
