"""Plots as SVG: a panel for each figure of a sweep, both axes logarithmic."""

import math
from html import escape

# A panel with its margins, how many stand side by side, and what is around them.
WIDTH, HEIGHT, ABREAST = 460, 322, 2
LEFT, RIGHT, TOP, BOTTOM = 66, 24, 30, 50
TITLE, LEGEND_ROW = 34, 18

# Colours that those who see colours differently can tell apart too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("", "6 4", "2 3")

STYLE = """
text { font: 12px sans-serif; fill: #222 }
.title { font-size: 14px; font-weight: bold }
.grid { stroke: #ddd; stroke-width: 1 }
.axis { stroke: #222; stroke-width: 1 }
"""


class Scale:
    """Where a value lies between two ends, by its logarithm; zero lies a step before the rest."""

    def __init__(self, values, start, end):
        positive = [value for value in values if value > 0] or [1]
        self.low, self.high = math.log(min(positive)), math.log(max(positive))
        self.zero = min(values) <= 0
        if self.zero:
            self.low -= max((self.high - self.low) / 6, 0.7)
        if self.high - self.low < 1e-9:
            self.low, self.high = self.low - 0.5, self.high + 0.5
        self.start, self.end = start, end

    def at(self, value):
        place = self.low if value <= 0 else math.log(value)
        return self.start + (place - self.low) / (self.high - self.low) * (self.end - self.start)


def short(value, binary=False):
    """A number as short as it can be told."""
    step, signs = (1024, ("", " Ki", " Mi")) if binary else (1000, ("", "k", "M", "G"))
    for sign in signs:
        if abs(value) < step or sign == signs[-1]:
            return f"{value:.3g}{sign}"
        value /= step


def round_steps(low, high):
    """Round values from at most `low` to at least `high`, few enough to be read."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        steps = [factor * 10.0**decade for decade in decades for factor in factors]
        below = max((step for step in steps if step <= low * 1.001), default=steps[0])
        above = min((step for step in steps if step >= high * 0.999), default=steps[-1])
        inside = [step for step in steps if below <= step <= above]
        if len(inside) <= 8:
            break
    return inside


def text(x, y, words, anchor="middle", kind="", turn=""):
    turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}{turned}>{escape(words)}</text>'


def stroke(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def curve(points, style):
    colour, dash = style
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>{dots}'
    )


def thinned(xs, scale):
    """Those of the values whose labels do not touch."""
    kept = []
    for x in xs:
        if not kept or abs(scale.at(x) - scale.at(kept[-1])) > 34:
            kept.append(x)
    return kept


def panel(sweep, metric, curves, styles, corner):
    """One figure of a sweep over what grows; `corner` is its upper left one."""
    left, above = corner
    series = [
        (key, sorted((x, point[metric.key]) for x, point in points.items() if point.get(metric.key)))
        for key, points in curves
    ]
    xs = sorted({x for _, points in series for x, _ in points})
    ys = [y for _, points in series for _, y in points]
    if not ys:
        return []
    steps = round_steps(max(min(ys), 1e-3), max(ys))
    across = Scale(xs, left + LEFT, left + WIDTH - RIGHT)
    top, bottom = above + TOP, above + HEIGHT - BOTTOM
    up = Scale(steps, bottom, top)
    parts = [text(left + LEFT, top - 12, metric.label, "start")]
    for step in steps:
        parts.append(stroke("grid", left + LEFT, up.at(step), left + WIDTH - RIGHT, up.at(step)))
        parts.append(text(left + LEFT - 6, up.at(step) + 4, short(step), "end"))
    for x in thinned(xs, across):
        parts.append(stroke("grid", across.at(x), top, across.at(x), bottom))
        parts.append(text(across.at(x), bottom + 18, short(x, sweep.binary)))
    parts.append(stroke("axis", left + LEFT, bottom, left + WIDTH - RIGHT, bottom))
    parts.append(text(left + (LEFT + WIDTH - RIGHT) / 2, bottom + 38, sweep.x))
    for key, points in series:
        parts.append(curve([(across.at(x), up.at(max(y, steps[0]))) for x, y in points], styles[key]))
    return parts


def legend(keys, styles, width, top):
    """What each curve is; returns its parts and how high it is."""
    parts, x, row = [], LEFT, 0
    for key in keys:
        words = " ".join(key)
        room = 44 + 7 * len(words)
        if x + room > width and x > LEFT:
            x, row = LEFT, row + 1
        y = top + row * LEGEND_ROW
        colour, dash = styles[key]
        parts.append(
            f'<line x1="{x}" y1="{y - 4}" x2="{x + 26}" y2="{y - 4}" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts.append(text(x + 32, y, words, "start"))
        x += room
    return parts, (row + 1) * LEGEND_ROW


def svg(sweep, figures):
    """The plot of a sweep: brokers differ by dashes, lines by colours."""
    curves = [((broker, line), points) for broker, line, points in figures.curves(sweep)]
    brokers = list(dict.fromkeys(broker for (broker, _), _ in curves))
    lines = list(dict.fromkeys(line for (_, line), _ in curves))
    styles = {
        key: (COLOURS[lines.index(key[1]) % len(COLOURS)], DASHES[brokers.index(key[0]) % len(DASHES)])
        for key, _ in curves
    }
    width = WIDTH * min(len(sweep.metrics), ABREAST)
    below = TITLE + HEIGHT * math.ceil(len(sweep.metrics) / ABREAST)
    parts = [text(12, 24, sweep.title, "start", "title")]
    for place, metric in enumerate(sweep.metrics):
        row, column = divmod(place, ABREAST)
        parts += panel(sweep, metric, curves, styles, (column * WIDTH, TITLE + row * HEIGHT))
    told, high = legend([key for key, _ in curves], styles, width, below + 12)
    height = below + high + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">\n<style>{STYLE}</style>\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(parts + told) + "\n</svg>\n"
    )
