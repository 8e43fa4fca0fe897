"""What a long question tells beside is no wish; what it asks for is one, however long it is."""

from __future__ import annotations

import pytest

from search.question import as_json
from tests.search.question_reader import read

TOLD = [
    "Ich rauche seit der Lehre, jeden Abend eine ganze Schachtel auf dem Balkon, und komme allein einfach nicht davon los",
    "Seit zwei Jahren arbeite ich von zu Hause aus und sehe kaum noch Menschen. Was hilft gegen das Alleinsein?",
    "Unsere Große kommt im Sommer in die fünfte Klasse und tut sich mit allem leicht. Was raten Sie uns da?",
    "Ich war lange krank, nächste Woche soll ich wieder anfangen, und mir graut davor, dass ich es nicht mehr packe",
    "My company is moving me to Lisbon in autumn and I know not a single word. Portuguese for the first weeks would be great.",
    "Mit drei kleinen Kindern bin ich völlig am Ende meiner Kräfte, die Ärztin rät zu ein paar Wochen Kur mit ihnen zusammen",
]
ASKED = [
    (
        "Wir streiten uns nur noch über Geld und wollen das ändern, am liebsten mit einem Kurs, der dienstags stattfindet",
        {"weekdays": ["tu"]},
    ),
    (
        "Ich pflege meine Mutter und komme kaum aus dem Haus, deshalb müsste es vormittags sein, da ist der Pflegedienst hier",
        {"daytime": ["morning"]},
    ),
    (
        "Seit dem Unfall habe ich Schmerzen im Knie und soll mich mehr bewegen, gern in einer kleinen Gruppe, samstags",
        {"weekdays": ["sa"]},
    ),
    (
        "Mein Sohn ist 15 und hängt den ganzen Tag vor dem Rechner, er soll endlich mal raus an die Luft und klettern",
        {"age": [15, 15], "audience": ["youth"]},
    ),
    (
        "Hallo, ich hätte Interesse an einem Yogakurs, der mittwochs abends stattfindet und im Januar beginnt. Vielen Dank im Voraus",
        {"daytime": ["evening"], "start_from": "2027-01-01", "start_to": "2027-01-31", "weekdays": ["we"]},
    ),
    (
        "Ich möchte einen Kurs zum Thema Rente besuchen, der kostenlos ist und der am Abend oder online angeboten wird",
        {"daytime": ["evening"], "mode": "online", "price_max": 0.0},
    ),
    (
        "Ich habe zwei kleine Katzen und arbeite bis mittags bei der Post. Nachmittags könnte ich dann endlich Italienisch lernen",
        {"daytime": ["afternoon"]},
    ),
    (
        "J'aimerais apprendre l'allemand près de chez moi avec des gens gentils, si possible à partir du mois de janvier",
        {"start_from": "2027-01-01"},
    ),
    ("une activité pour ma mère de 80 ans, pas de bingo s'il vous plaît", {"age": [80, 80]}),
    (
        "We moved here in spring and hardly know anyone yet, something outdoors for my son, 7 years old, would help us a lot",
        {"age": [7, 7], "audience": ["children"]},
    ),
    (
        "Ich bin Schichtarbeiter und möchte den Schulabschluss nachholen, Zeit habe ich abends und sonst nur in meinem Urlaub",
        {"daytime": ["evening"]},
    ),
]


@pytest.mark.parametrize("question", TOLD)
def test_what_is_told_is_no_wish(question: str) -> None:
    assert as_json(read(question).wishes) == {}
    assert read(question).spans == ()


@pytest.mark.parametrize(("question", "filters"), ASKED)
def test_what_is_asked_for_is_one(question: str, filters: dict[str, object]) -> None:
    assert as_json(read(question).wishes) == filters


def test_a_short_question_tells_nothing() -> None:
    assert as_json(read("Ich rauche jeden Abend auf dem Balkon").wishes) == {"daytime": ["evening"]}
