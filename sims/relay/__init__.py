"""A faithful local relay and block builder in front of an anvil.

`profiles` and `words` say whose manners it has; `endpoint` and `server` speak the protocol, with
`limits` and `faults`; `parameters`, `methods`, `private_transactions` and `mev_share` are what can
be asked.
`signature`, `identity` and `validity` judge bytes; `simulation` executes on the node;
`bundle_pool`, `auction`, `refunds`, `purse`, `slots`, `public_pool` and `builder` make the block;
`trace` remembers why. What is simulated here is mined to the wei, or the builder stops.
"""
