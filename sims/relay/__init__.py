"""A faithful local relay and block builder in front of an anvil.

`signature`, `rlp`, `transactions` and `validity` judge bytes; `simulation` executes on the node;
`bundle_pool`, `auction`, `public_pool` and `builder` make the block; `parameters`, `methods` and
`server` speak the protocol. What is simulated here is mined to the wei, or the builder stops.
"""
