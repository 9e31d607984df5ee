"""A local chain with the real protocols, and traders who move its prices.

`cache.devnet` is the way in: it starts an anvil process on a deployed state, which is made once
and kept. Bytecode comes from the npm packages of `contracts/`; nothing of it lives here.

Design: the chain mines only when told, with timestamps that are told as well, and every address
follows from a nonce. So a deployment repeats to the byte, and so does everything built on it.
"""
