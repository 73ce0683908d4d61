"""The track over its grid as SVG: counted and uncounted stretches differ in dashes, so grey paper suffices. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from app.patrol.page.content import DayPage
from app.patrol.page.markup import Markup, joined, tag
from app.patrol.page.projection import Float64s, Frame
from app.patrol.page.words import clock, seconds_of, span

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in millimetres."""

WIDTH_MM, HEIGHT_MM = 108.0, 106.0
VERTICES = 3000
"""A page stays below 100 kB; beyond this lines are simplified further."""
DOTS = 150
STAYS = 6
STAY_FROM_S = 300
LINES = {
    "moving": {"stroke": "#000", "stroke_width": "0.6", "stroke_linejoin": "round"},
    "vehicle": {"stroke": "#000", "stroke_width": "0.5", "stroke_dasharray": "3 1.4"},
    "stationary": {"stroke": "#555", "stroke_width": "0.35", "stroke_dasharray": "0.35 0.7"},
}
MARKS = {"jump": "×", "inaccurate": "○", "mock": "△"}
LEGEND = {
    "moving": "计入里程",
    "vehicle": "乘车,不计里程",
    "stationary": "停留,不计里程",
    "jump": "跳变,不计",
    "inaccurate": "精度不足,不计",
    "mock": "模拟定位,不计",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """The map, and which verdicts stand on it."""

    svg: Markup
    verdicts: tuple[str, ...]
    has_grid: bool


def draw(page: DayPage) -> Drawn | None:
    """The map of a day, or None when there is neither track nor outline."""
    shapes = [g.shape for g in page.grids if g.shape is not None]
    parts = [(f["properties"]["verdict"], shape(f["geometry"])) for f in page.track["features"]]
    held = [geometry for verdict, geometry in parts if verdict in LINES]
    frame = Frame.around([*shapes, *(held or [g for _, g in parts])], WIDTH_MM, HEIGHT_MM)
    if frame is None:
        return None
    drawn = [
        *(_outline(frame, s) for s in shapes),
        *_lines(frame, parts),
        *_marks(frame, parts),
        *_labels(page, frame, parts),
        _north(),
        _bar(frame),
    ]
    svg = tag(
        "svg",
        tag("rect", x=0, y=0, width=WIDTH_MM, height=HEIGHT_MM, fill="#fff"),
        joined(drawn),
        viewBox=f"0 0 {WIDTH_MM} {HEIGHT_MM}",
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        class_="map",
    )
    return Drawn(svg, tuple(v for v in LEGEND if any(v == verdict for verdict, _ in parts)), bool(shapes))


def legend(drawn: Drawn) -> Markup:
    """What the lines and marks mean."""
    keys = [(_sample(verdict), LEGEND[verdict]) for verdict in drawn.verdicts]
    if drawn.has_grid:
        box = tag(
            "rect", x=0.4, y=0.4, width=7.2, height=2.7, fill="#ededed", stroke="#777", stroke_width=0.3
        )
        keys.append((box, "本人网格"))
    return joined(
        tag("span", tag("svg", sample, viewBox="0 0 8 3.5", class_="key"), name, class_="legend")
        for sample, name in keys
    )


def _sample(verdict: str) -> Markup:
    if verdict in LINES:
        return tag("path", d="M0 1.8H8", fill="none", **LINES[verdict])
    return tag("text", MARKS[verdict], x=4, y=3, font_size=3.4, text_anchor="middle")


def _outline(frame: Frame, grid: BaseGeometry) -> Markup:
    on_paper = shapely.simplify(frame.shape_mm(grid), 0.1)
    is_line = "Line" in on_paper.geom_type
    return tag(
        "path",
        d=_path(shapely.get_parts(on_paper)),
        fill="none" if is_line else "#ededed",
        fill_rule="evenodd",
        stroke="#777",
        stroke_width=1.6 if is_line else 0.35,
        stroke_opacity=0.35 if is_line else None,
    )


def _path(parts: Iterable[BaseGeometry]) -> str:
    """`d` of a path through lines and rings, a tenth of a millimetre exact; single places become dots."""
    written: list[str] = []
    for part in parts:
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            rounded = np.round(shapely.get_coordinates(line), 1)
            kept = rounded[np.concatenate([[True], np.any(np.diff(rounded, axis=0) != 0, axis=1)])]
            start, *rest = [f"{x:g} {y:g}" for x, y in kept.tolist()]
            written.append(f"M{start}L{' '.join(rest)}" if rest else f"M{start}h.1")
    return "".join(written)


def _lines(frame: Frame, parts: Sequence[tuple[str, BaseGeometry]]) -> list[Markup]:
    """One path for each verdict, the uncounted below the counted."""
    found = []
    for verdict in ("stationary", "vehicle", "moving"):
        own = [frame.shape_mm(g) for v, g in parts if v == verdict]
        if own:
            found.append(tag("path", d=_path(_thinned(own)), fill="none", **LINES[verdict]))
    return found


def _thinned(lines: list[BaseGeometry]) -> list[BaseGeometry]:
    """The lines simplified until they have at most VERTICES corners; of too many lines the longest are drawn."""
    tolerance_mm = 0.08
    while True:
        kept = [shapely.simplify(line, tolerance_mm) for line in lines]
        kept = [line for line in kept if line.length > tolerance_mm] or kept[:1]
        if shapely.get_num_coordinates(np.array(kept)).sum() <= VERTICES or tolerance_mm > 5:
            break
        tolerance_mm *= 1.6
    return sorted(kept, key=lambda line: -line.length)[: VERTICES // 2]


def _marks(frame: Frame, parts: Sequence[tuple[str, BaseGeometry]]) -> list[Markup]:
    """Single fixes that were not believed, one a square millimetre and at most DOTS of a kind."""
    found: list[Markup] = []
    for verdict, mark in MARKS.items():
        own = [frame.shape_mm(g) for v, g in parts if v == verdict]
        if not own:
            continue
        places = np.unique(np.round(shapely.get_coordinates(own)), axis=0)
        inside = (places > 1).all(axis=1) & (places[:, 0] < WIDTH_MM - 1) & (places[:, 1] < HEIGHT_MM - 1)
        places = places[inside]
        step = max(len(places) // DOTS, 1)
        texts = [tag("text", mark, x=f"{x:g}", y=f"{y + 0.9:g}") for x, y in places[::step].tolist()]
        found.append(tag("g", joined(texts), font_size=2.6, text_anchor="middle"))
    return found


def _labels(page: DayPage, frame: Frame, parts: Sequence[tuple[str, BaseGeometry]]) -> list[Markup]:
    """Start, end and the longest stays with their times, none on top of another."""
    taken: list[Box] = [(WIDTH_MM - 10, 0, WIDTH_MM, 13)]
    places = [*_ends(page, frame, parts), *_stays(page, frame)]
    taken += [(x - 1.6, y - 1.8, x + 1.6, y + 1.8) for x, y, _, _ in places]
    ink = _ink(frame, parts)
    texts = [_text_at(x, y, text, taken, ink) for x, y, _, text in places]
    return [*(mark for _, _, mark, _ in places), *texts]


def _ink(frame: Frame, parts: Sequence[tuple[str, BaseGeometry]]) -> Float64s:
    """float64[n, 2]: a point for each millimetre of drawn line, to write beside and not upon."""
    lines = [frame.shape_mm(g) for v, g in parts if v in LINES]
    if not lines:
        return np.empty((0, 2))
    every_mm = shapely.segmentize(np.array(_thinned(lines)), 1.0)
    return np.unique(np.round(shapely.get_coordinates(every_mm)), axis=0)


def _ends(
    page: DayPage, frame: Frame, parts: Sequence[tuple[str, BaseGeometry]]
) -> list[tuple[float, float, Markup, str]]:
    lines = [g for v, g in parts if v in LINES]
    if not lines or not page.figures["first_at"]:
        return []
    first, last = shapely.get_coordinates(lines[0])[:1], shapely.get_coordinates(lines[-1])[-1:]
    ends = []
    for place, name, at in ((first, "起", "first_at"), (last, "止", "last_at")):
        x, y = (float(v) for v in frame.to_mm(place)[0])
        if name == "起":
            mark = tag("path", d=f"M{x:.1f} {y - 1.9:.1f}l1.7 3h-3.4z", fill="#000")
        else:
            mark = tag("rect", x=f"{x - 1.4:.1f}", y=f"{y - 1.4:.1f}", width=2.8, height=2.8, fill="#000")
        ends.append((x, y, mark, f"{name} {clock(page.figures[at], page.tz)}"))
    return ends


def _stays(page: DayPage, frame: Frame) -> list[tuple[float, float, Markup, str]]:
    long = [s for s in page.explanation["stays"] if seconds_of(s) >= STAY_FROM_S]
    told = sorted(long, key=lambda s: (-seconds_of(s), s["start_at"]))[:STAYS]
    found = []
    for stay in sorted(told, key=lambda s: s["start_at"]):
        x, y = (float(v) for v in frame.to_mm(np.array([[stay["longitude"], stay["latitude"]]]))[0])
        radius = max(min(stay["radius_m"] * frame.scale, 6.0), 1.3)
        mark = tag(
            "circle",
            cx=f"{x:.1f}",
            cy=f"{y:.1f}",
            r=f"{radius:.1f}",
            fill="#fff",
            fill_opacity=0.6,
            stroke="#000",
            stroke_width=0.4,
        )
        found.append((x, y, mark, f"停 {span(stay, page.tz)}"))
    return found


def _text_at(x: float, y: float, text: str, taken: list[Box], ink: Float64s) -> Markup:
    """The text beside a place, where no other stands and the fewest lines run; none where there is no room."""
    wide, high = 1.5 * len(text) + 2.4, 3.4
    free: list[tuple[int, int, Box]] = []
    for order, (dx, dy) in enumerate(_offsets(wide)):
        box = (x + dx, y + dy - high, x + dx + wide, y + dy)
        if box[0] < 0.5 or box[1] < 0.5 or box[2] > WIDTH_MM - 0.5 or box[3] > HEIGHT_MM - 7:
            continue
        if any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken):
            continue
        inside = (ink >= np.array(box[:2])) & (ink <= np.array(box[2:]))
        free.append((int(inside.all(axis=1).sum()), order, box))
    if not free:
        return Markup("")
    chosen = min(free)[2]
    taken.append(chosen)
    return tag("text", text, x=f"{chosen[0] + 0.4:.1f}", y=f"{chosen[3] - 0.7:.1f}", class_="label")


def _offsets(wide: float) -> list[tuple[float, float]]:
    """Where a text may stand from its place: beside it first, then further off."""
    near = [(2.4, 1.2), (-2.4 - wide, 1.2), (-wide / 2, -2.4), (-wide / 2, 5.8)]
    return [*near, *((dx, dy) for dy in (-3.0, 5.4, -6.6, 9.0, -10.2, 12.6) for dx in (2.0, -2.0 - wide))]


def _north() -> Markup:
    x = WIDTH_MM - 5
    return joined(
        [
            tag("path", d=f"M{x} 2l1.9 6-1.9-1.2-1.9 1.2z", fill="#000"),
            tag("text", "北", x=x, y=11.6, font_size=3.2, text_anchor="middle"),
        ]
    )


def _bar(frame: Frame) -> Markup:
    long_mm, y = frame.bar_m * frame.scale, HEIGHT_MM - 3
    text = f"{frame.bar_m} 米" if frame.bar_m < 1000 else f"{frame.bar_m // 1000} 公里"
    return joined(
        [
            tag(
                "path",
                d=f"M3 {y - 1.4}v1.4h{long_mm:.2f}v-1.4",
                fill="none",
                stroke="#000",
                stroke_width=0.45,
            ),
            tag("text", text, x=f"{4 + long_mm:.1f}", y=y, class_="label"),
        ]
    )
