"""Plots of the HTML report: bars and columns as static SVG, each with its words and its figures as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ctrlkit import words
from ctrlkit.closed import Plot, Run, Series
from ctrlkit.markup import Html, element, joined
from ctrlkit.model import Verdict
from ctrlkit.visible import visible

from ._report_pieces import sentence, table

WIDE: Final = 400
"""Units of a picture: so many pixels where it is not scaled, about the width of a phone."""
ROW: Final = 22
HIGH: Final = 132
TOP: Final = 22
LETTER: Final = 7.2
"""Units: about the width of one letter of the labels."""
LONGEST: Final = 22
LYING: Final = ("verdicts", "remedy", "sites")
"""Plots whose labels are words: their bars lie, so that the words have room."""
FEW: Final = "<5"
GAP: Final = 4


def plots(run: Run) -> Iterator[Html]:
    """The section of plots, and what could not be drawn."""
    everything = (verdicts(run), *run.plots)
    yield element("h2", "To look at", id="plots")
    yield element(
        "p",
        "Counts only. Where fewer than five people stand behind a figure it is not told (", FEW, "). "
        "No verdict hangs on a picture: the sections below say what was judged.",
        class_="quiet",
    )  # fmt: skip
    yield element("div", *(_figure(plot) for plot in everything if plot.labels), class_="plots")
    missing = [plot for plot in everything if not plot.labels]
    if missing:
        items = (element("li", element("b", plot.title), ": ", plot.says) for plot in missing)
        yield joined(element("h3", "Not drawn"), element("ul", *items))


def verdicts(run: Run) -> Plot:
    """How many verdicts of each sort every domain has, the domain with the most failures first."""
    held: dict[str, dict[Verdict, int]] = {}
    for result in run.results:
        counts = held.setdefault(words.domain(run, result).replace("_", " "), dict.fromkeys(words.READING_ORDER, 0))
        counts[result.verdict] += 1
    names = sorted(held, key=lambda name: (-held[name][Verdict.FAILED], name))
    series = (
        Series(words.word(v), v.value, tuple(held[name][v] for name in names))
        for v in words.READING_ORDER
        if any(held[name][v] for name in names)
    )
    worst = f"Most failures: {names[0]} ({held[names[0]][Verdict.FAILED]})." if names else "nothing was judged"
    return Plot(
        "verdicts", "Verdicts by domain", worst, "domain", "verdicts", tuple(names), tuple(series),
        rests_on=f"this run, {len(run.results):,} verdicts",
    )  # fmt: skip


def _figure(plot: Plot) -> Html:
    name = f"plot-{plot.name}"
    if plot.name == "sites":
        drawn = _bars(plot, name, apart=True)
    else:
        drawn = _bars(plot, name, apart=False) if plot.name in LYING else _columns(plot, name)
    rows = [
        (label, *(_told(one.values[n]) for one in plot.series)) for n, label in enumerate(plot.labels)
    ]  # fmt: skip
    return element(
        "figure",
        element("h3", plot.title, id=name),
        element("p", f"{sentence(plot.unit)}, by {plot.across}", class_="quiet"),
        _legend(plot.series) if len(plot.series) > 1 else None,
        drawn,
        element("figcaption", plot.says, " ", element("span", f"From {plot.rests_on}.", class_="quiet")),
        element(
            "details",
            element("summary", f"{plot.title}: the figures"),
            table((plot.across, *(one.name for one in plot.series)), rows, f"{plot.unit} by {plot.across}"),
        ),
    )


def _told(value: int | None) -> str:
    return FEW if value is None else f"{value:,}"


def _legend(series: Sequence[Series]) -> Html:
    items = (
        element("li", element("svg", _rect(0, 0, 12, 12, one.tone), viewBox="0 0 12 12", aria_hidden="true"), one.name)
        for one in series
    )
    return element("ul", *items, class_="legend", aria_label="Legend")


def _picture(name: str, high: float, *shapes: Html) -> Html:
    return element("svg", *shapes, viewBox=f"0 0 {WIDE} {_number(high)}", role="img", aria_labelledby=name)


def _bars(plot: Plot, name: str, *, apart: bool) -> Html:
    """Lying bars: the series of a label one after the other, or, `apart`, one below the other."""
    labels = [_cut(label) for label in plot.labels]
    left = max(len(label) for label in labels) * LETTER + 10
    totals = [sum(one.values[n] or 0 for one in plot.series) for n in range(len(labels))]
    most = max([one.values[n] or 0 for one in plot.series for n in range(len(labels))] if apart else totals) or 1
    scale = (WIDE - left - 34) / most
    lines = len(plot.series) if apart else 1
    tall = ROW * lines + GAP
    shapes: list[Html] = []
    for n, label in enumerate(labels):
        y = n * tall
        shapes.append(_text(left - 6, y + ROW * lines / 2 + 4, label, "end"))
        x = left
        for line, one in enumerate(plot.series):
            value = one.values[n] or 0
            wide = value * scale
            if apart:
                shapes += [_rect(left, y + line * ROW + 2, wide, ROW - 4, one.tone),
                           _text(left + wide + 4, y + line * ROW + 15, _told(one.values[n]), "start")]  # fmt: skip
            elif value:
                shapes.append(_rect(x, y + 2, wide, ROW - 4, one.tone))
                if wide > len(f"{value:,}") * LETTER + 4:
                    shapes.append(_text(x + wide / 2, y + 15, f"{value:,}", "middle", "inside"))
                x += wide
        if not apart:
            shapes.append(_text(x + 4, y + 15, f"{totals[n]:,}", "start"))
    return _picture(name, len(labels) * tall, *shapes)


def _columns(plot: Plot, name: str) -> Html:
    """Standing columns, the series on top of one another, what they add up to above, and the limit as a line."""
    totals = [sum(one.values[n] or 0 for one in plot.series) for n in range(len(plot.labels))]
    most = max([*totals, plot.limit or 0]) or 1
    step = WIDE / len(plot.labels)
    wide = min(step - 6, 56)
    every = -(-len(plot.labels) * max(len(label) for label in plot.labels) * LETTER // WIDE) or 1
    ground = TOP + HIGH
    shapes: list[Html] = []
    for n, label in enumerate(plot.labels):
        middle, y = step * n + step / 2, float(ground)
        for one in plot.series:
            if value := one.values[n]:
                y -= value * HIGH / most
                shapes.append(_rect(middle - wide / 2, y, wide, value * HIGH / most, one.tone))
        few = any(one.values[n] is None for one in plot.series)
        shapes.append(_text(middle, y - 5, FEW if few and not totals[n] else f"{totals[n]:,}", "middle"))
        if (len(plot.labels) - 1 - n) % every == 0:
            shapes.append(_under(step * n, step, ground + 16, _cut(label)))
    shapes.append(_line(0, ground, "ground"))
    if plot.limit is not None:
        y = ground - plot.limit * HIGH / most
        shapes += [_line(0, y, "limit"), _text(WIDE - 2, y - 5, plot.limit_says, "end")]
    elif plot.limit_says:
        first = next((n for n, _ in enumerate(plot.labels) if _beyond(plot, n)), len(plot.labels))
        x = step * first
        line = element("line", x1=_number(x), x2=_number(x), y1="12", y2=_number(ground), class_="limit")
        shapes += [line, _text(x - 4, 18, f"limit {plot.limit_says}", "end")]
    return _picture(name, ground + 24, *shapes)


def _under(x: float, step: float, y: float, label: str) -> Html:
    """A label below its column, kept inside the picture."""
    half = len(label) * LETTER / 2
    middle = min(max(x + step / 2, half), WIDE - half)
    return _text(middle, y, label, "middle")


def _beyond(plot: Plot, n: int) -> bool:
    """Whether the label lies beyond the limit, which is where its number begins with that of the limit."""
    return plot.labels[n].split(" ")[0] == plot.limit_says.split(" ")[0] or plot.labels[n].startswith(">")


def _cut(label: str) -> str:
    shown = visible(label)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _rect(x: float, y: float, wide: float, high: float, tone: str) -> Html:
    return element("rect", x=_number(x), y=_number(y), width=_number(wide), height=_number(high), class_=f"tone-{tone}")


def _text(x: float, y: float, said: str, anchor: str, class_: str = "") -> Html:
    return element("text", said, x=_number(x), y=_number(y), text_anchor=anchor, class_=class_)


def _line(x: float, y: float, class_: str) -> Html:
    return element("line", x1=_number(x), x2=str(WIDE), y1=_number(y), y2=_number(y), class_=class_)


def _number(value: float) -> str:
    """At most one place after the point, so that the same figures are the same bytes on every machine."""
    return f"{value:.1f}".removesuffix(".0")
