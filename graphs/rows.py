"""Copies of rows in kernels, spelt out: numba compiles an assignment of slices for seconds.

Separate because all searches keep what they find in arrays that grow.
"""

from typing import TypeVar

import numpy as np

from graphs.compilation import inner
from graphs.token_graph import Floats, Indices, Weights

Rows = TypeVar("Rows", Indices, Weights, Floats)
"""An array of any kind."""


@inner
def copy_row(target: Rows, source: Rows) -> None:
    """Write the elements of a row over the first ones of another."""
    for place in range(len(source)):
        target[place] = source[place]


@inner
def doubled_rows(rows: Rows) -> Rows:
    """Copy rows to the first half of a new array."""
    longer = np.empty((2 * len(rows), *rows.shape[1:]), rows.dtype)
    target, source = longer.ravel(), rows.ravel()
    for place in range(len(source)):
        target[place] = source[place]
    return longer
