"""Pool states that somebody recorded, as files: one reader for each shape of file.

A reader judges every state by itself. What no chain could have produced becomes a refusal that
names the place and the remedy; the rest is searched. Nothing is repaired.
"""
