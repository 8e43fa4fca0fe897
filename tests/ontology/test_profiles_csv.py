"""The catalogue's CSV goes out and in again: read by the table reader, with a mapping that names every column."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given

from ingest.records import Found, ReaderContext, Refused, Remark
from ingest.sources.table.mapping import load_mapping
from ingest.sources.table.reader import read
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule
from ontology.profiles.csv import columns, header, rows
from tests.ontology.offers import text

MAPPING = Path(__file__).parents[1] / "fixtures" / "katalog-csv.toml"
FULL = Offer(
    id="kvhs-A101",
    source="kvhs",
    identifier="A101",
    kind=Kind.COURSE,
    name="Deutsch für den Beruf; Teil 2",
    description='Wir üben "Telefonieren", Schreiben\nund Zuhören.',
    provider=Provider(id="KVHS", name="KVHS"),
    url="https://kvhs.example/kurs/A101",
    keywords=("Beruf", "Deutsch"),
    topics=("german", "vocational-german"),
    phases=("continuing",),
    audience=("women",),
    age_min=16,
    age_max=99,
    level=("B1", "B2"),
    in_language=("de", "uk"),
    certificate=True,
    credential="telc B2",
    funding=("bildungsurlaub",),
    childcare=False,
    prerequisites="Niveau B1",
    instances=(
        Instance(
            start=dt.datetime(2027, 4, 12, 18, 30),
            end=dt.datetime(2027, 6, 28, 20, 0),
            mode=Mode.ONSITE,
            time_model=("part_time",),
            schedule=Schedule(start_time=dt.time(18, 30), end_time=dt.time(20, 0)),
            workload="40 Stunden",
            place=Place(
                name="Haus der Bildung",
                street="Ring 2",
                postal_code="55232",
                locality="Alzey",
                latitude=49.7517,
                longitude=8.1103,
                wheelchair=True,
            ),
            price=Decimal("45.50"),
            price_note="ermäßigt 30 Euro",
            seats=12,
            seats_left=0,
        ),
    ),
)
BARE = Offer(
    id="kvhs-B2",
    source="kvhs",
    identifier="B2",
    kind=Kind.EVENT,
    name="Lesung",
    provider=Provider(id="KVHS", name="KVHS"),
    instances=(Instance(start=dt.date(2027, 5, 1), price=Decimal("0.00")),),
)


def read_again(folder: Path, *offers: Offer) -> list[Found | Refused | Remark]:
    table = folder / "katalog.csv"
    table.write_text(header() + rows(offers, "https://bildung.example"), encoding="utf-8", newline="")
    return list(read(table, ReaderContext(source="kvhs", mapping=load_mapping(MAPPING))))


@pytest.mark.parametrize("offer", [FULL, BARE], ids=["everything", "little"])
def test_an_offer_with_one_run_comes_back(tmp_path: Path, offer: Offer) -> None:
    found = read_again(tmp_path, offer)
    assert [item.offer if isinstance(item, Found) else item for item in found] == [offer]


def test_the_mapping_names_every_column() -> None:
    mapping = load_mapping(MAPPING).for_sheet(None)
    assert {*mapping.columns, *mapping.ignore} == {column.name for column in columns()}


@given(text, text)
@example('"Brot" sagt alles', "=1,5\r\n")
def test_a_reader_of_csv_gets_every_text_back(name: str, workload: str) -> None:
    offer = Offer(
        id="a", source="s", identifier="a", kind=Kind.COURSE, name=name, instances=(Instance(workload=workload),)
    )
    line = dict(
        zip(
            (column.name for column in columns()),
            *csv.reader(io.StringIO(rows([offer], "http://b"), newline="")),
            strict=True,
        )
    )
    for written, column in ((name, "titel"), (workload, "umfang")):
        assert line[column] == (f"'{written}" if written.startswith(("=", "+", "-", "@", "\t", "\r")) else written)
