"""The best cycles on the token graph, as one SVG that any browser shows.

Written by hand rather than by a plotting library: a picture is some circles, curves and words, and
every word of a stranger's token is escaped here. The base stands in the middle, the other tokens
on a ring in the order in which the cycles, best first, meet them; so each cycle is a petal, and
equal reports give equal files.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, pi, sin
from pathlib import Path
from typing import Final

from graphs.cycles import Hop
from graphs.sizing import SizedCycle
from graphs.tokens import Token
from graphs.units import Address
from searcher.event_log import describe, name
from sims.demo_view import cycle_tokens
from sims.errors import SimsError
from sims.search import SearchReport

COLOURS: Final = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#7b3294",
    "#8c510a",
)
"""One a cycle, in turn: told apart by people who see few colours (Okabe and Ito 2008)."""

NODE_RADIUS: Final = 26
"""Of a token's disc, in pixels as all lengths here."""

RING_RADIUS: Final = 190
"""Of the ring, at least."""

RING_STEP: Final = 76
"""Between neighbours on the ring, at least."""

BEND: Final = 22
"""By which each further curve between two tokens moves aside."""

MARGIN: Final = 70
"""Around the ring."""

LEGEND_WIDTH: Final = 520
"""Beside the picture."""

LEGEND_LINE: Final = 19
"""Between lines of the legend."""

LEGEND_LINES: Final = 4
"""Of a cycle, and one of space."""

SHOWN_DECIMALS: Final = 6
"""Of a profit in whole tokens; the rest is cut."""

MAX_VENUE: Final = 24
"""Characters of a venue that are shown."""

Point = tuple[float, float]


class DrawingError(SimsError):
    """A picture that cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}; name a file in a folder of yours")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Where everything stands."""

    points: Mapping[Address, Point]
    """The middle of each token."""

    width: float
    """Of the picture, legend included."""

    height: float
    """Of the picture."""

    legend_left: float
    """Where the legend begins."""


def write_drawing(path: Path, report: SearchReport) -> None:
    """Write the picture of a report's best cycles.

    Raises:
        DrawingError: the file cannot be written.
    """
    try:
        path.write_text(draw_cycles(report), encoding="utf-8")
    except OSError as error:
        raise DrawingError(path, (error.strerror or "refused").lower()) from error


def draw_cycles(report: SearchReport) -> str:
    """Draw the best cycles in colour over the other trades between their tokens in grey."""
    tokens = list(dict.fromkeys(t for sized in report.best for t in cycle_tokens(sized.cycle)))
    canvas = _canvas(tokens, len(report.best))
    size = f'width="{canvas.width:.0f}" height="{canvas.height:.0f}"'
    box = f'viewBox="0 0 {canvas.width:.0f} {canvas.height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} font-family="sans-serif">',
        f"<defs>{''.join(_arrow_heads())}</defs>",
        f'<rect width="{canvas.width:.0f}" height="{canvas.height:.0f}" fill="#ffffff"/>',
        *_context(report, tokens, canvas),
        *_cycles(report.best, report, canvas),
        *_discs(tokens, report.market.tokens, canvas),
        *_legend(report.best, report, canvas),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _canvas(tokens: Sequence[Address], cycles: int) -> Canvas:
    """Stand the first token in the middle and the others on the ring, clockwise from the top."""
    others = tokens[1:]
    radius = max(RING_RADIUS, RING_STEP * len(others) / (2 * pi))
    legend_height = LEGEND_LINE * LEGEND_LINES * cycles
    side = 2 * (radius + MARGIN)
    height = max(side, legend_height + 2 * LEGEND_LINE)
    middle = (side / 2, height / 2)
    points = dict.fromkeys(tokens[:1], middle)
    for position, token in enumerate(others):
        angle = 2 * pi * position / len(others)
        points[token] = (middle[0] + radius * sin(angle), middle[1] - radius * cos(angle))
    return Canvas(points=points, width=side + LEGEND_WIDTH, height=height, legend_left=side)


def _arrow_heads() -> Iterator[str]:
    for index, colour in enumerate(COLOURS):
        yield (
            f'<marker id="head{index}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" '
            f'markerHeight="6" orient="auto-start-reverse">'
            f'<path d="M0,0 L10,5 L0,10 z" fill="{colour}"/></marker>'
        )


def _context(report: SearchReport, tokens: Sequence[Address], canvas: Canvas) -> Iterator[str]:
    """Draw a line for each pair of tokens that trade, as thick as they have many pools."""
    graph = report.graph.as_networkx().subgraph(tokens)
    pools: Counter[tuple[Address, Address]] = Counter(
        (min(pair), max(pair)) for pair in graph.edges(keys=False)
    )
    for (low, high), count in sorted(pools.items()):
        (x1, y1), (x2, y2) = canvas.points[low], canvas.points[high]
        width = min(count / 2, SHOWN_DECIMALS)
        yield (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="#dddddd" stroke-width="{width:.1f}"/>'
        )


def _cycles(best: Sequence[SizedCycle], report: SearchReport, canvas: Canvas) -> Iterator[str]:
    """Draw the worst first, so that the best lies on top."""
    lanes: Counter[tuple[Address, Address]] = Counter()
    curves = []
    for rank, sized in enumerate(best):
        for hop in sized.cycle.hops:
            pair = (hop.token_in, hop.token_out)
            lanes[pair] += 1
            title = f"{report.market.pools[hop.pool_id].venue} {hop.pool_id}"
            colour = rank % len(COLOURS)
            curves.append(_curve(hop, title, colour=colour, lane=lanes[pair], canvas=canvas))
    yield from reversed(curves)


def _curve(hop: Hop, title: str, *, colour: int, lane: int, canvas: Canvas) -> str:
    """Draw one hop, bent to the right of its direction, so that there and back do not meet."""
    (x1, y1), (x2, y2) = canvas.points[hop.token_in], canvas.points[hop.token_out]
    length = hypot(x2 - x1, y2 - y1)
    along = ((x2 - x1) / length, (y2 - y1) / length)
    bend = BEND * lane
    bent = ((x1 + x2) / 2 - along[1] * bend, (y1 + y2) / 2 + along[0] * bend)
    start = _towards((x1, y1), bent)
    end = _towards((x2, y2), bent)
    return (
        f'<path d="M{start[0]:.1f},{start[1]:.1f} Q{bent[0]:.1f},{bent[1]:.1f} '
        f'{end[0]:.1f},{end[1]:.1f}" fill="none" stroke="{COLOURS[colour]}" stroke-width="2" '
        f'marker-end="url(#head{colour})"><title>{escape(_printable(title))}</title></path>'
    )


def _towards(origin: Point, aim: Point) -> Point:
    """The edge of the disc in the direction of a point."""
    length = hypot(aim[0] - origin[0], aim[1] - origin[1])
    share = NODE_RADIUS / length
    return origin[0] + (aim[0] - origin[0]) * share, origin[1] + (aim[1] - origin[1]) * share


def _discs(
    tokens: Sequence[Address], known: Mapping[Address, Token], canvas: Canvas
) -> Iterator[str]:
    for token in tokens:
        x, y = canvas.points[token]
        yield (
            f'<g><circle cx="{x:.1f}" cy="{y:.1f}" r="{NODE_RADIUS}" fill="#ffffff" '
            f'stroke="#333333"/><text x="{x:.1f}" y="{y:.1f}" font-size="11" '
            f'text-anchor="middle" dominant-baseline="middle">{escape(name(token, known))}</text>'
            f"<title>{escape(token)}</title></g>"
        )


def _legend(best: Sequence[SizedCycle], report: SearchReport, canvas: Canvas) -> Iterator[str]:
    """Say what each colour is: profit, tokens, venues."""
    x = canvas.legend_left
    for rank, sized in enumerate(best):
        y = LEGEND_LINE * (2 + LEGEND_LINES * rank)
        colour = COLOURS[rank % len(COLOURS)]
        venues = [
            _printable(report.market.pools[i].venue)[:MAX_VENUE] for i in sized.cycle.pool_ids
        ]
        yield (
            f'<rect x="{x:.1f}" y="{y - LEGEND_LINE + 6:.1f}" width="14" height="14" '
            f'fill="{colour}"/>'
        )
        rows = (
            (f"{rank + 1}. profit {profit(sized, report.market.tokens)}", "bold"),
            (describe(sized.cycle, report.market.tokens), "normal"),
            (" · ".join(venues), "normal"),
        )
        for line, (words, weight) in enumerate(rows):
            yield (
                f'<text x="{x + 22:.1f}" y="{y + line * LEGEND_LINE:.1f}" font-size="12" '
                f'font-weight="{weight}">{escape(words)}</text>'
            )


def profit(sized: SizedCycle, known: Mapping[Address, Token]) -> str:
    """The profit in whole tokens, cut to six decimals; in raw units where decimals are unknown."""
    base = known.get(sized.cycle.base)
    if base is None:
        return f"{sized.gross_profit} raw units of {name(sized.cycle.base, known)}"
    whole, rest = divmod(sized.gross_profit, 10**base.decimals)
    fraction = str(rest).rjust(base.decimals, "0")[:SHOWN_DECIMALS]
    return f"{whole}.{fraction} {name(base.address, known)}"


def _printable(words: str) -> str:
    return "".join(c for c in words if c.isprintable())
