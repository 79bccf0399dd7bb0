"""Small charts as inline SVG. The page's styles colour them, on a light and on a dark ground."""

from typing import NamedTuple

import numpy as np

from fastnn.reporting.axes import make_scale
from fastnn.text.markup import join, tag

# In units of the drawing, about one CSS pixel each, on a phone as on a desk.
WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 30, 40
# A drawing has few pixels: more points would only make the page large.
MOST_POINTS = 300


class Line(NamedTuple):
    """A curve of a chart. NaN in y is a gap. Curves are coloured by their order in the chart."""

    name: str
    x: list
    y: list


def line_chart(lines, *, title, x_label, y_label, percent=False, log=False, mark=None):
    """Curves over one pair of axes.

    `mark` is (x, name): a vertical line. The result is None if there is no finite point to draw.
    """
    lines = [Line(line.name, *_finite(line.x, line.y, positive=log)) for line in lines]
    lines = [line for line in lines if line.x.size]
    if not lines:
        return None
    x = np.concatenate([line.x for line in lines])
    y = np.concatenate([line.y for line in lines])
    across = make_scale(x, LEFT, WIDTH - RIGHT, whole=True)
    up = make_scale(y, HEIGHT - BOTTOM, TOP, log=log, from_zero=True)
    parts = [_frame(across, up, x_label, y_label, percent)]
    legend = [(line.name, f"line s{k}") for k, line in enumerate(lines, 1)]
    if mark is not None:
        at, name = mark
        place = f"{across(at):.1f}"
        parts.append(tag("line", x1=place, x2=place, y1=TOP, y2=HEIGHT - BOTTOM, class_="mark"))
        legend.append((name, "mark"))
    for k, line in enumerate(lines, 1):
        points = list(zip(across(line.x), up(line.y), strict=True))
        if len(points) > 1:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in _thinned(points))
            parts.append(tag("polyline", points=path, class_=f"line s{k}"))
        if len(points) <= 12:
            parts += [_dot(a, b, f"dot s{k}") for a, b in points]
    return _figure(title, [*parts, _legend(legend)])


def scatter_chart(x, y, *, title, x_label, y_label):
    """Points (x, y), and the diagonal y = x."""
    both = np.concatenate([x, y])
    across = make_scale(both, LEFT, WIDTH - RIGHT)
    up = make_scale(both, HEIGHT - BOTTOM, TOP)
    ends = across.low, across.high
    diagonal = tag(
        "line",
        x1=f"{across(ends[0]):.1f}",
        y1=f"{up(ends[0]):.1f}",
        x2=f"{across(ends[1]):.1f}",
        y2=f"{up(ends[1]):.1f}",
        class_="mark",
    )
    dots = [_dot(a, b, "dot s1 faint", 2) for a, b in zip(across(x), up(y), strict=True)]
    return _figure(
        title,
        [
            _frame(across, up, x_label, y_label, False),
            diagonal,
            *dots,
            _legend([("equal", "mark")]),
        ],
    )


def histogram(values, *, title, x_label, bins=20):
    """Bars of the counts of examples. x = 0 is marked if the values lie on both sides of it."""
    counts, edges = np.histogram(values, bins=bins)
    across = make_scale(edges, LEFT, WIDTH - RIGHT)
    up = make_scale(counts, HEIGHT - BOTTOM, TOP, from_zero=True)
    places = across(edges)
    bars = [
        tag(
            "rect",
            x=f"{a:.1f}",
            y=f"{up(count):.1f}",
            width=f"{max(b - a - 1, 0.5):.1f}",
            height=f"{up(0) - up(count):.1f}",
            class_="bar s1",
        )
        for a, b, count in zip(places, places[1:], counts, strict=False)
        if count
    ]
    parts = [_frame(across, up, x_label, "examples", False), *bars]
    if edges[0] < 0 < edges[-1]:
        zero = f"{across(0):.1f}"
        parts.append(tag("line", x1=zero, x2=zero, y1=TOP, y2=HEIGHT - BOTTOM, class_="mark"))
    return _figure(title, parts)


def _figure(title, parts):
    drawing = tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=title,
        xmlns="http://www.w3.org/2000/svg",
    )
    return tag("figure", drawing, tag("figcaption", title), class_="chart")


def _frame(across, up, x_label, y_label, percent):
    """Axes with ticks, horizontal grid lines, and labels."""
    bottom, parts = HEIGHT - BOTTOM, []
    for value in up.ticks():
        y = f"{up(value):.1f}"
        parts += [
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"),
            tag("text", _number(value, percent), x=LEFT - 6, y=y, dy="0.35em", text_anchor="end"),
        ]
    ticks = across.ticks()
    # Ten-digit numbers would run into each other.
    stride = 1 + max(len(_number(v, False)) for v in ticks) * len(ticks) * 7 // (WIDTH - LEFT)
    for value in ticks[::stride]:
        parts.append(
            tag(
                "text",
                _number(value, False),
                x=f"{across(value):.1f}",
                y=bottom + 16,
                text_anchor="middle",
            )
        )
    middle = (TOP + bottom) / 2
    parts += [
        tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom, class_="axis"),
        tag("line", x1=LEFT, x2=LEFT, y1=TOP, y2=bottom, class_="axis"),
        tag("text", x_label, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 6, text_anchor="middle"),
        tag("text", y_label, transform=f"translate(11 {middle}) rotate(-90)", text_anchor="middle"),
    ]
    return join(parts)


def _legend(entries):
    """Names of the curves above the plot, each with a piece of its line."""
    parts, x = [], LEFT
    for name, style in entries:
        parts += [
            tag("line", x1=x, x2=x + 20, y1=14, y2=14, class_=style),
            tag("text", name, x=x + 25, y=14, dy="0.35em"),
        ]
        x += 38 + 6.5 * len(name)
    return join(parts)


def _dot(x, y, style, radius=3):
    return tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius, class_=style)


def _number(value, percent):
    if percent:
        return f"{100 * value:g} %"
    text = f"{value:g}"
    if 0 < abs(value) < 0.001:  # 0.0001 would take too much room
        text = f"{value:.0e}"
    return text.replace("e-0", "e-").replace("e+0", "e")


def _finite(x, y, positive):
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    # A logarithmic axis cannot show 0.
    known = np.isfinite(y) & (y > 0) if positive else np.isfinite(y)
    return x[known], y[known]


def _thinned(points):
    """At most about `MOST_POINTS` points: the highest and the lowest of every stretch."""
    if len(points) <= MOST_POINTS:
        return points
    kept = {0, len(points) - 1}
    for stretch in np.array_split(np.arange(len(points)), MOST_POINTS // 2):
        heights = [points[i][1] for i in stretch]
        kept |= {int(stretch[np.argmin(heights)]), int(stretch[np.argmax(heights)])}
    return [points[i] for i in sorted(kept)]
