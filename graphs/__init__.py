"""The market as a graph: pools, exact quotes, the search for negative cycles, sizing.

Everything here is a pure function of frozen values: no I/O, clock, randomness, logging or
environment. Floats appear in marginal rates and log-weights only; they nominate cycles.
Amounts are integers in raw token units and are rounded as the contracts round.
"""
