"""What somebody else's pending transaction does to the market.

Known routers' calldata becomes steps (`decode_call`), and steps are executed on exact pool maths
(`effect_of`): the result is the pools that change, or a named reason why that cannot be told.
Nothing here asks a node; `adapters.traces` does, and comes to the same pools.

Only what follows such a transaction is built on it. Trading before it would take from its sender
the price that he was about to get; trading after it puts the price back that he has moved, takes
nothing from him, and is the only order in which our bundle can carry his signed bytes as the
reason for ours.
"""
