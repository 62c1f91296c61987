"""The figures of a run: collected as the best of several, kept as JSON, shown as tables."""

from dataclasses import dataclass, field

from cases import CASES, CPU, PACED_METRICS


@dataclass
class Figures:
    """`points[sweep][broker][line][x][key]`, and the same for the cases without `x`."""

    machine: dict
    points: dict = field(default_factory=dict)
    cases: dict = field(default_factory=dict)

    def note(self, place, metrics, result):
        """Keeps of every figure the best that was seen; `place` is the path to its point."""
        *path, last = place
        folder = self.cases if path[0] == "cases" else self.points
        for step in path:
            folder = folder.setdefault(step, {})
        point = folder.setdefault(last, {})
        for metric in (metric for metric in metrics if metric.key in result):
            value = result[metric.key]
            point[metric.key] = metric.best(value, point.get(metric.key, value))

    def curves(self, sweep):
        """Every curve of a sweep: its broker, its line and its points."""
        for broker, lines in self.points.get(sweep.name, {}).items():
            for line, points in lines.items():
                yield broker, line, points

    def as_json(self):
        return {"machine": self.machine, "cases": self.cases.get("cases", {}), "sweeps": self.points}


def number(value):
    """A figure as people read it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def table(head, rows):
    """A table in Markdown, its columns aligned; the first one is text."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    line = lambda row: "| " + " | ".join(
        cell.ljust(width) if not i else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
    ) + " |"
    rule = "|" + "|".join("-" * (width + 1) + ("-" if not i else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def cases_table(figures):
    """CPU of each broker, and what part of the others' mqx takes."""
    known = figures.cases.get("cases", {})
    brokers = list(dict.fromkeys(broker for case in known.values() for broker in case))
    share = brokers[1:] and [f"{brokers[1]} takes"]
    rows = []
    for name, metric in case_rows():
        values = [known.get(name, {}).get(broker, {}).get(metric.key) for broker in brokers]
        if any(value is not None for value in values):
            times = [f"{values[1] / values[0]:.1f} times" if all(values) else "-"] if share else []
            rows.append([f"{name}, {metric.label}", *map(number, values), *times])
    return table(["case", *brokers, *share], rows)


def case_rows():
    """Each row of the table of cases: a case and a metric of it."""
    yield from ((name, CPU) for name, _ in CASES)
    yield from (("paced, ten pairs at 10,000/s", metric) for metric in PACED_METRICS)


def sweep_table(sweep, figures):
    """A row for each x; in brackets the other broker's figure."""
    curves = {}
    for broker, line, points in figures.curves(sweep):
        curves.setdefault(line, {})[broker] = points
    columns = [(line, metric) for line in curves for metric in sweep.metrics]
    alone = len(curves) == 1
    head = [sweep.x, *(metric.label if alone else f"{line}: {metric.label}" for line, metric in columns)]
    xs = sorted({x for line in curves.values() for points in line.values() for x in points})
    rows = [[f"{x:,}", *(cell(curves[line], x, metric) for line, metric in columns)] for x in xs]
    return table(head, rows)


def cell(brokers, x, metric):
    first, *others = (number(points.get(x, {}).get(metric.key)) for points in brokers.values())
    return first + "".join(f" ({other})" for other in others)


def growth(sweep, figures):
    """How much the first figure grows from the first x to the last, for mqx."""
    metric = sweep.metrics[0]
    for broker, line, points in figures.curves(sweep):
        xs = sorted(points)
        if broker == "mqx" and sweep.flat and len(xs) > 1:
            times = points[xs[-1]][metric.key] / points[xs[0]][metric.key]
            yield f"{line}: {times:.1f} times the {metric.label} from {xs[0]:,} to {xs[-1]:,} {sweep.x}"
