"""Pools by the shape of their curve, not by brand: each a frozen value that quotes to the wei."""
