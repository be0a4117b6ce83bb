"""A picture that moves: objects are seen, their graph sharpens, the motion is predicted from it.

An SVG whose style sheet animates it, so that it moves wherever an image is shown, without a script.
A reader whose system asks for less motion sees its end.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from markupsafe import escape

from nri.figures.style import ERROR, INK, object_colours
from nri.graph import receivers, reverse, senders

__all__ = ["draw_moving"]

WIDTH, HEIGHT = 760, 392
STAGE = 20, 20, 330
"""Left, top and side of the square in which the objects move, px."""
GRAPHS = ("Inferred so far", 470.0, 190.0, 88.0), ("True graph", 668.0, 190.0, 66.0)
"""Title, centre and radius of each graph, px."""

STEPS = "animation-timing-function:step-end"
SLOW, SLOWER = 8, 5
"""So many frames at first, in which most is learned, are shown so many times slower."""
FRAME, REST = 0.085, 2.5
"""Seconds that a frame is shown, and that the end is."""

STYLE = f"""
text {{ font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: {INK}; }}
.title {{ font-weight: 600; }} .small {{ font-size: 11.5px; fill: #5c6166; }}
.middle {{ text-anchor: middle; }} .end {{ text-anchor: end; }}
path, .edge {{ fill: none; stroke-linecap: round; }}
.seen {{ stroke-width: 1.2; opacity: .45; }} .true {{ stroke-width: 5; opacity: .28; }}
.told {{ stroke-width: 1.8; }}
.edge {{ stroke: {INK}; stroke-width: 1.8; }} .wrong {{ stroke: {ERROR}; }}
.ring {{ fill: #fff; stroke-width: 2; }}
"""


def draw_moving(
    true: np.ndarray, predicted: np.ndarray, chances: np.ndarray, edges: np.ndarray, title: str
) -> str:
    """The SVG of one sample; arrays as `nri.evaluation.sharpening.Sharpening` has them."""
    clock = Clock(true.shape[1])
    began = true.shape[1] - predicted.shape[1]
    rules: list[str] = []
    marks = [
        *_stage(true, predicted, began, clock, rules),
        *_graphs(chances, edges, len(true), clock, rules),
        *_words(chances, edges, began, clock, rules),
    ]
    moves = f"svg * {{ animation: {clock.length:.1f}s linear infinite; }}"
    still = "@media (prefers-reduced-motion: reduce) { svg * { animation: none !important; } }"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            f' width="{WIDTH}" height="{HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}{moves}\n{still}\n{''.join(rules)}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#fff"/>',
            *marks,
            "</svg>\n",
        ]
    )


class Clock:
    """When each of T frames is shown, as parts of a loop of `length` seconds."""

    def __init__(self, frames: int):
        steps = np.full(frames - 1, FRAME)
        steps[:SLOW] *= SLOWER
        times = np.concatenate([[0.0], steps.cumsum()])
        self.length = float(times[-1]) + REST
        self.percent = [f"{100 * time / self.length:.5g}%" for time in times]

    def animation(self, name: str, states: Iterable[str], start: int = 0) -> str:
        """A rule that passes through `states` from frame `start` on, and rests in the last."""
        states = list(states)
        last = len(states) - 1
        kept = [
            f"{'0%,' if k == 0 else ''}{self.percent[start + k]}{',to' if k == last else ''}"
            f"{{{state}}}"
            for k, state in enumerate(states)
            if k in (0, last) or not states[k - 1] == state == states[k + 1]
        ]
        return f"@keyframes {name}{{{''.join(kept)}}}\n"

    def switch(self, name: str, start: int, end: int | None = None) -> str:
        """A rule, to be taken in steps, that shows something from frame `start` until `end`."""
        shown = {"0%": 0, self.percent[start]: 1}
        shown |= {"to": 1} if end is None else {self.percent[end]: 0, "to": 0}
        if start == 0:
            shown["0%"] = 1
        states = "".join(f"{time}{{opacity:{opacity}}}" for time, opacity in shown.items())
        return f"@keyframes {name}{{{states}}}\n"


def _stage(
    true: np.ndarray, predicted: np.ndarray, began: int, clock: Clock, rules: list[str]
) -> Iterator[str]:
    """Objects on their paths: seen first, then as they went on (rings) and as predicted (discs)."""
    told = np.concatenate([true[:, :began], predicted], axis=1)
    places, foretold = _on_stage(true, true), _on_stage(told, true)
    left, top, side = STAGE
    yield f'<rect x="{left}" y="{top}" width="{side}" height="{side}" rx="8" fill="#f6f7f8"/>'
    yield (
        f'<clipPath id="stage"><rect x="{left}" y="{top}" width="{side}" height="{side}"/>'
        '</clipPath><g clip-path="url(#stage)">'
    )
    colours = object_colours(len(true))
    last = began - 1
    for n, colour in enumerate(colours):
        yield _path(f"s{n}", "seen", places[n, :began], colour, 0, clock, rules)
        yield _path(f"t{n}", "true", places[n, last:], colour, last, clock, rules)
        yield _path(f"p{n}", "told", foretold[n, last:], colour, last, clock, rules)
    rules.append(clock.switch("rings", last))
    yield f'<g style="animation-name:rings;{STEPS}">'
    for n, colour in enumerate(colours):
        rules.append(clock.animation(f"r{n}", map(_moved, places[n, last:]), last))
        yield f'<circle class="ring" r="8" stroke="{colour}" {_placed(f"r{n}", places[n, -1])}/>'
    yield "</g>"
    for n, colour in enumerate(colours):
        rules.append(clock.animation(f"o{n}", map(_moved, foretold[n])))
        yield f'<circle r="5.5" fill="{colour}" {_placed(f"o{n}", foretold[n, -1])}/>'
    yield "</g>"


def _graphs(
    chances: np.ndarray, edges: np.ndarray, nodes: int, clock: Clock, rules: list[str]
) -> Iterator[str]:
    """The graph as it sharpens and the true one; a line for both directions of a pair."""
    pairs = [k for k in range(len(edges)) if receivers(nodes)[k] < senders(nodes)[k]]
    both = (chances + chances[:, reverse(nodes)]) / 2
    for (title, x, y, radius), inferred in zip(GRAPHS, (True, False), strict=True):
        angle = 2 * np.pi * np.arange(nodes) / nodes
        circle = np.stack([x + radius * np.sin(angle), y - radius * np.cos(angle)], axis=1)
        yield f'<text class="title middle" x="{x}" y="{y - radius - 26}">{title}</text>'
        for k in pairs:
            (x1, y1), (x2, y2) = circle[receivers(nodes)[k]], circle[senders(nodes)[k]]
            line = f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            if inferred:
                opacity = both[:, k].round(2)
                rules.append(clock.animation(f"e{k}", (f"opacity:{o:g}" for o in opacity)))
                kind = "edge" if edges[k] else "edge wrong"
                end = f'opacity="{opacity[-1]:g}" style="animation-name:e{k}"'
                yield f'{line} class="{kind}" {end}/>'
            elif edges[k]:
                yield f'{line} class="edge"/>'
        for (cx, cy), colour in zip(circle, object_colours(nodes), strict=True):
            yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="5.5" fill="{colour}"/>'


def _words(
    chances: np.ndarray, edges: np.ndarray, began: int, clock: Clock, rules: list[str]
) -> Iterator[str]:
    """What is happening, and how many edges are right by now."""
    _, x, y, radius = GRAPHS[0]
    right, last = ((chances > 0.5) == edges).sum(1), began - 1
    frame = 0
    for count, equal in groupby(right):
        end = frame + len(list(equal))
        until = None if end == len(right) else end
        name = f"w{frame}"
        rules.append(clock.switch(name, frame, until))
        words = f"{count} of {len(edges)} edges right" if frame else "nothing seen yet"
        place = f'class="small middle" x="{x}" y="{y + radius + 32}"'
        yield _switched(name, words, until is None, place)
        frame = end
    phases = ("Seen, without labels", 0, last), ("Predicted (disc) and true (ring)", last, None)
    for number, (words, start, until) in enumerate(phases):
        rules.append(clock.switch(f"h{number}", start, until))
        place = f'class="title" x="{STAGE[0]}" y="{HEIGHT - 16}"'
        yield _switched(f"h{number}", words, until is None, place)
    note = f"orange: an edge that is not there; the first {SLOW} frames are {SLOWER} times slower"
    yield f'<text class="small end" x="{WIDTH - STAGE[0]}" y="{HEIGHT - 16}">{note}</text>'


def _on_stage(motion: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Positions (N, T, 2) in px; the stage has room for the true ones."""
    left, top, side = STAGE
    low, high = true.min((0, 1)), true.max((0, 1))
    scale = 0.9 * side / (high - low).max()
    moved = (motion - (low + high) / 2) * scale * [1, -1]
    return np.add(moved, [left + side / 2, top + side / 2])


def _path(
    name: str,
    kind: str,
    points: np.ndarray,
    colour: str,
    start: int,
    clock: Clock,
    rules: list[str],
) -> str:
    """A path through points (T, 2) that grows from frame `start` on."""
    reached = np.concatenate([[0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    total = max(float(reached[-1]), 1e-9)
    hidden = (f"stroke-dashoffset:{1 - part:.4g}" for part in reached / total)
    rules.append(clock.animation(name, hidden, start))
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return (
        f'<path class="{kind}" d="M{drawn}" stroke="{colour}" pathLength="1"'
        f' stroke-dasharray="1 2" style="animation-name:{name}"/>'
    )


def _moved(place: np.ndarray) -> str:
    return f"transform:translate({place[0]:.1f}px,{place[1]:.1f}px)"


def _placed(name: str, place: np.ndarray) -> str:
    """Attributes of what moves by the rule `name` and ends in `place`."""
    return f'transform="translate({place[0]:.1f} {place[1]:.1f})" style="animation-name:{name}"'


def _switched(name: str, words: str, last: bool, attributes: str) -> str:
    """Words that are shown for a time; those of the end also where nothing moves."""
    return (
        f'<text {attributes} opacity="{int(last)}"'
        f' style="animation-name:{name};{STEPS}">{words}</text>'
    )
