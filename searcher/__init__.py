"""The live bot: one pipeline in the middle, adapters at the rim.

`model` holds the records that travel forward, `ports` the six seams, `pipeline` the sentence of the
program. Adapters implement ports and are built in `__main__` alone.
"""
