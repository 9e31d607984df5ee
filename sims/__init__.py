"""Everything that runs the bot against something other than the present.

A local chain with the real protocols, a local relay that builds its blocks, recorded pools.
"""
