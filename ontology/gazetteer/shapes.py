"""Polygons of municipalities: a point inside each, and which of them holds a given point. Only the build needs this."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shape", "ShapeIndex"]

Ring = NDArray[np.float64]  # (n, 2) longitude, latitude; first point repeated at the end


class Shape:
    """One area from a GeoJSON geometry (Polygon or MultiPolygon, WGS 84); holes count as outside."""

    def __init__(self, geometry: Mapping[str, Any]) -> None:
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        self.rings: list[Ring] = [np.asarray(ring, dtype=np.float64)[:, :2] for polygon in polygons for ring in polygon]
        outer = [np.asarray(polygon[0], dtype=np.float64)[:, :2] for polygon in polygons]
        self.largest = max(outer, key=lambda ring: abs(_area_and_centroid(ring)[0]))
        points = np.concatenate(self.rings)
        self.west, self.south = points.min(axis=0)
        self.east, self.north = points.max(axis=0)

    def holds(self, lon: float, lat: float) -> bool:
        """Whether the point lies inside, by the even-odd rule over all rings."""
        return sum(len(_crossings(ring, lat, beyond=lon)) for ring in self.rings) % 2 == 1

    def inner_point(self) -> tuple[float, float]:
        """(lon, lat) of the centroid of the largest part, moved along its parallel into the area where it falls outside."""
        _, lon, lat = _area_and_centroid(self.largest)
        if self.holds(lon, lat):
            return lon, lat
        borders = sorted(x for ring in self.rings for x in _crossings(ring, lat, beyond=-180.0))
        spans = list(zip(borders[::2], borders[1::2], strict=True))
        west, east = max(spans, key=lambda span: span[1] - span[0])
        return (west + east) / 2, lat


class ShapeIndex:
    """Finds the shape that holds a point, over a grid of a tenth of a degree."""

    def __init__(self, shapes: Iterable[tuple[str, Shape]]) -> None:
        self._cells: defaultdict[tuple[int, int], list[tuple[str, Shape]]] = defaultdict(list)
        for key, shape in shapes:
            for x in range(floor(shape.west * 10), floor(shape.east * 10) + 1):
                for y in range(floor(shape.south * 10), floor(shape.north * 10) + 1):
                    self._cells[x, y].append((key, shape))

    def at(self, lat: float, lon: float) -> str | None:
        """The key of the shape that holds the point, or None (abroad, on water, in no municipality)."""
        for key, shape in self._cells.get((floor(lon * 10), floor(lat * 10)), ()):
            if shape.west <= lon <= shape.east and shape.south <= lat <= shape.north and shape.holds(lon, lat):
                return key
        return None


def _crossings(ring: Ring, lat: float, *, beyond: float) -> list[float]:
    """Longitudes east of ``beyond`` at which the ring crosses the parallel ``lat``."""
    x, y = ring[:, 0], ring[:, 1]
    crosses = np.nonzero((y[:-1] > lat) != (y[1:] > lat))[0]
    x0, y0, x1, y1 = x[crosses], y[crosses], x[crosses + 1], y[crosses + 1]
    at = x0 + (lat - y0) * (x1 - x0) / (y1 - y0)
    return [float(value) for value in at[at > beyond]]


def _area_and_centroid(ring: Ring) -> tuple[float, float, float]:
    """Signed area in square degrees and the centroid (lon, lat); degrees are plane enough within one municipality."""
    origin = ring[0]
    x, y = (ring - origin).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    area = float(cross.sum()) / 2
    lon = float(((x[:-1] + x[1:]) * cross).sum()) / (6 * area)
    lat = float(((y[:-1] + y[1:]) * cross).sum()) / (6 * area)
    return area, lon + float(origin[0]), lat + float(origin[1])
