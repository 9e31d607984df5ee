"""What a person sees of a search of a table of pools: the figures, then the best cycles.

Amounts are raw units of the base, every digit: a table of strangers' tokens has no trusted scale.
"""

from rich import box
from rich.markup import escape
from rich.table import Table

from sims.demo_view import path
from sims.search import SearchReport


def figures(report: SearchReport) -> str:
    """One line about what was searched and how long it took."""
    return (
        f"{report.cycles:,} profitable cycles among {report.pools:,} pools of "
        f"{report.tokens:,} tokens ({report.pools_left_out:,} pools without reserves left out); "
        f"built in {report.build_ms:.1f} ms, searched in {report.search_ms:.1f} ms, "
        f"sized in {report.size_ms:.1f} ms"
    )


def best_cycles_table(report: SearchReport) -> Table:
    """The best cycles, greatest profit first, before gas and the fee of a loan."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("cycle\nvenues", min_width=24)
    table.add_column("input\noutput", justify="right", no_wrap=True)
    table.add_column("profit", justify="right", no_wrap=True)
    for sized in report.best:
        table.add_row(
            "\n".join(path(sized.cycle, report.market)),
            f"{sized.amounts[0]}\n{sized.amounts[-1]}",
            escape(str(sized.gross_profit)),
        )
    return table
