"""The gazetteer: names as people write them, keys, postal codes, distances; and how well it agrees with other registers."""

from __future__ import annotations

import csv
import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import gazetteer as package
from ontology.gazetteer import Gazetteer, Municipality, distance_km, fold, short_name
from ontology.gazetteer.shapes import Shape, ShapeIndex

ALZEY = (49.7466, 8.1151)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Neustadt a.d.Aisch", "neustadt an der aisch"),
        ("Neustadt an der Aisch", "neustadt an der aisch"),
        ("neustadt a d aisch", "neustadt an der aisch"),
        ("Mühldorf a. Inn", "muehldorf am inn"),
        ("ST. WENDEL", "sankt wendel"),
        ("Nieder-Olm", "nieder olm"),
        ("  Gießen ", "giessen"),
        ("Straßburg", "strassburg"),
        ("Lüdge", "luedge"),
        ("Halle (Saale)", "halle saale"),
        ("A", "a"),
        ("Bach", "bach"),
        ("Кёльн", "кельн"),
        ("𝐁onn", "bonn"),
        ("", ""),
    ],
)
def test_one_spelling_for_many(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(
    st.text()
    | st.lists(
        st.sampled_from(["a", "b", "i", "o", "v", "d", "h", "m", "t", "st", "Bad", "Höhe", "a.d.", "i.d.OPf.", "St."])
    ).map(" ".join)
)
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    ("official", "short"),
    [
        ("Heppenheim (Bergstraße)", "Heppenheim"),
        ("Kiel, Landeshauptstadt", "Kiel"),
        ("Lahr/Schwarzwald", "Lahr"),
        ("Alzey", "Alzey"),
    ],
)
def test_short_name(official: str, short: str) -> None:
    assert short_name(official) == short


def test_a_municipality_with_all_its_facts(gazetteer: Gazetteer) -> None:
    alzey = gazetteer.by_ags("07331003")
    assert alzey is not None
    assert (alzey.name, alzey.short_name, alzey.type) == ("Alzey", "Alzey", "Stadt")
    assert (alzey.district_ags, alzey.district_name) == ("07331", "Alzey-Worms")
    assert alzey.postal_codes == ("55232",)
    assert 17_000 < (alzey.population or 0) < 20_000
    assert distance_km(alzey.latitude, alzey.longitude, *ALZEY) < 2


def test_unknown_keys_and_codes(gazetteer: Gazetteer) -> None:
    assert gazetteer.by_ags("99999999") is None
    assert gazetteer.by_ags("0733100") is None
    assert gazetteer.by_ags("") is None
    assert gazetteer.by_postal_code("00000") == ()
    assert gazetteer.find("Atlantis") == ()
    assert gazetteer.find("") == ()
    assert gazetteer.find_district("Atlantis") == ()


@pytest.mark.parametrize(
    ("written", "ags"),
    [
        ("Alzey", "07331003"),
        ("ALZEY", "07331003"),
        ("Stadt Worms", "07319000"),
        ("Wörrstadt", "07331073"),
        ("Woerrstadt", "07331073"),
        ("Heppenheim", "06431011"),
        ("Frankfurt", "06412000"),  # am Main, not (Oder)
        ("Frankfurt a.M.", "06412000"),
        ("Frankfurt Oder", "12053000"),
        ("Halle", "15002000"),  # two villages bear exactly this name
        ("Münster", "05515000"),  # exact and large before Münster (Hessen)
        ("Ludwigshafen", "07314000"),
        ("Neustadt a d Aisch", "09575153"),
        ("Bad Kreuznach", "07133006"),
        ("Karlsruhe-Durlach", "08212000"),
        ("Kreuzberg", "11000000"),
        ("Cologne", "05315000"),
        ("Кельн", "05315000"),
        ("Eisenach", "16063105"),  # 16056000 until 2021
        ("Osterode", "03159026"),  # 03156011 until 2016
        ("Wieda", "03159036"),  # since 2016 part of Walkenried
    ],
)
def test_names_as_people_write_them(gazetteer: Gazetteer, written: str, ags: str) -> None:
    assert gazetteer.find(written)[0].ags == ags


@pytest.mark.parametrize("written", ["Alzey-Worms", "Alzey-Land", "Mainz-Bingen", "Rheinhessen"])
def test_what_is_no_municipality(gazetteer: Gazetteer, written: str) -> None:
    assert gazetteer.find(written) == ()


def test_the_nearest_of_many(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("Neustadt", near=ALZEY)[0].name == "Neustadt an der Weinstraße"
    assert gazetteer.find("Neustadt", near=(51.0, 14.2))[0].name == "Neustadt i. Sa."


def test_a_postal_code_decides(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("Halle", postal_code="33790")[0].name == "Halle (Westf.)"
    assert gazetteer.find("Halle", postal_code="99999")[0].name == "Halle (Saale)"


def test_postal_codes_keep_their_leading_zero(gazetteer: Gazetteer) -> None:
    assert [found.name for found in gazetteer.by_postal_code("01067")] == ["Dresden"]
    assert gazetteer.by_postal_code("1067") == ()
    assert all(len(code) == 5 for found in gazetteer for code in found.postal_codes)


def test_the_largest_first_under_a_shared_postal_code(gazetteer: Gazetteer) -> None:
    names = [found.name for found in gazetteer.by_postal_code("55234")]
    assert {"Albig", "Kettenheim", "Wahlheim"} <= set(names)
    assert "Alzey" not in names
    sizes = [found.population or 0 for found in gazetteer.by_postal_code("55234")]
    assert sizes == sorted(sizes, reverse=True)


def test_within_a_radius(gazetteer: Gazetteer) -> None:
    found = gazetteer.within(*ALZEY, 6)
    assert found[0][0].name == "Alzey"
    assert [km for _, km in found] == sorted(km for _, km in found)
    assert found[-1][1] <= 6
    nearby = {municipality.ags for municipality, _ in found}
    everywhere = {m.ags for m in gazetteer if distance_km(m.latitude, m.longitude, *ALZEY) <= 6}
    assert nearby == everywhere
    assert gazetteer.within(0, 0, 10) == ()


def test_the_index_of_names_leads_to_its_municipalities(gazetteer: Gazetteer) -> None:
    assert [gazetteer[index].ags for index in gazetteer.names()["alzey"]] == ["07331003"]
    assert {gazetteer[index].name for index in gazetteer.names()["frankfurt"]} == {
        "Frankfurt am Main",
        "Frankfurt (Oder)",
    }
    assert all(name == fold(name) for name in gazetteer.names())


def test_districts(gazetteer: Gazetteer) -> None:
    assert [district.ags for district in gazetteer.find_district("Landkreis Alzey-Worms")] == ["07331"]
    assert [district.ags for district in gazetteer.find_district("alzey worms")] == ["07331"]
    assert [district.label for district in gazetteer.find_district("Kreis Bergstraße")] == ["Landkreis Bergstraße"]
    assert [district.label for district in gazetteer.find_district("Odenwald")] == ["Odenwaldkreis"]
    assert [district.ags for district in gazetteer.find_district("Landkreis Rosenheim")] == ["09187", "09163"]
    assert [district.ags for district in gazetteer.find_district("Stadt Rosenheim")] == ["09163", "09187"]
    assert len(gazetteer.in_district("07331")) == 69
    goettingen = gazetteer.district("03159")
    assert goettingen is not None
    assert goettingen.label == "Landkreis Göttingen"
    assert len(gazetteer.in_district("03159")) == 39
    assert gazetteer.district("03152") is None


def test_distances() -> None:
    assert distance_km(*ALZEY, *ALZEY) == 0
    assert distance_km(0, 0, 0, 180) == pytest.approx(20_015, abs=1)
    assert distance_km(49.7466, 8.1151, 49.6327, 8.3594) == pytest.approx(21.6, abs=0.3)  # Alzey to Worms


def test_the_shipped_table_is_sound_and_reproducible() -> None:
    packed = (Path(package.__file__).parent / "municipalities.tsv.gz").read_bytes()
    assert packed[4:8] == b"\0\0\0\0"  # no time of packing
    rows = [line.split("\t") for line in gzip.decompress(packed).decode("utf-8").splitlines()]
    assert len(rows) == 11_083
    assert {len(row) for row in rows} == {12}
    assert all(one[0] < other[0] for one, other in pairwise(rows[1:]))
    assert all(row[0].isdecimal() and len(row[0]) == 8 and row[5] == row[0][:5] for row in rows[1:])
    assert all(47.2 < float(row[3]) < 55.1 and 5.8 < float(row[4]) < 15.1 for row in rows[1:])


def test_a_point_inside_even_where_the_centroid_is_not() -> None:
    horseshoe = Shape(
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [6, 9], [6, 1], [1, 1], [1, 9], [0, 9], [0, 0]]]}
    )
    lon, lat = horseshoe.inner_point()
    assert horseshoe.holds(lon, lat)
    assert not horseshoe.holds(3, 4)


def test_a_hole_is_outside() -> None:
    square = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    ring = Shape({"type": "MultiPolygon", "coordinates": [[square, [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]]]})
    index = ShapeIndex([("ring", ring)])
    assert index.at(0.5, 2) == "ring"
    assert index.at(2, 2) is None
    assert index.at(5, 5) is None
    assert np.allclose(Shape({"type": "Polygon", "coordinates": [square]}).inner_point(), (2, 2))


def test_points_agree_with_another_computation(gazetteer: Gazetteer, shared: Path) -> None:
    def known(row: dict[str, str]) -> Municipality | None:
        return gazetteer.by_ags(row["AGS"])

    rows = _table(shared / "data" / "geo" / "bkg_gemeinden_centroids_derived.csv")
    away = [
        distance_km(m.latitude, m.longitude, float(row["lat"]), float(row["lon"])) for row in rows if (m := known(row))
    ]
    assert len(away) == 11_042
    assert max(away) < 6
    renamed = [row["GEN"] for row in rows if (m := known(row)) and m.name != row["GEN"]]
    assert renamed == []


def test_postal_codes_agree_with_a_register_of_town_halls(gazetteer: Gazetteer, shared: Path) -> None:
    rows = _table(shared / "data" / "geo" / "gemeindeverzeichnis_2011_digineo.csv")
    pairs = [
        (m, row["PLZ Gemeindenamen"][:5]) for row in rows if (m := gazetteer.by_ags(row["Amtl.Gemeindeschlüssel"]))
    ]
    assert len(pairs) == 10_976
    assert sum(code in m.postal_codes for m, code in pairs) / len(pairs) > 0.99


def test_postal_codes_agree_with_a_published_map(gazetteer: Gazetteer, shared: Path) -> None:
    lines = (shared / "data" / "geo" / "lobid_plz-ags-map.csv").read_text().splitlines()
    pairs = {tuple(line.split()) for line in lines if len(line.split()) == 2}
    known = [(m, code) for code, ags in pairs if (m := gazetteer.by_ags(ags))]
    assert len(known) > 12_000
    assert sum(code in m.postal_codes for m, code in known) / len(known) > 0.965


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
