"""The integers of `graphs/pools`, compiled, for many cycles at once.

Separate from the pools because a pool quotes one trade in Python, and because nothing here decides
what is sent: what is sized here is quoted again by the pools before it leaves as a SizedCycle.
"""
