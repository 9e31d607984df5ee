"""Local servers of pending transactions: three gRPC services and a MEV-Share stream with history.

They are fed from the local chain's pool or from a script, and go wrong exactly as told.
"""
