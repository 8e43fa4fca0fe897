"""What a record of Open-vhs says about a course."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from ingest.records import offer_id
from ingest.sources.openvhs.dates import dates_of
from ingest.sources.openvhs.stream import Element
from ingest.sources.remarks import Remarks
from ingest.text import clean_line, clean_text
from ingest.values import (
    Price,
    ValueRefused,
    parse_int,
    parse_levels,
    parse_postal_code,
    parse_price,
    parse_url,
)
from ontology.concepts import Schemes
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider

__all__ = ["identifier_of", "offer_of"]

_LONGEST_SUBTITLE = 120  # characters; a longer one is a paragraph and opens the description
_CODE = re.compile(r"[A-Z0-9._/-]+")
_DECIMAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]+)?")


def identifier_of(record: Element) -> str | None:
    """The source's own key: ``guid``, where that is missing ``nummer``."""
    return next((text.strip() for name in ("guid", "nummer") for text in record.texts(name)), None)


def offer_of(record: Element, source: str, provider: Provider | None, schemes: Schemes, remarks: Remarks) -> Offer:
    """The course that the record describes. Raises `ValueRefused` where it lacks a key or a title."""
    identifier = identifier_of(record)
    if identifier is None:
        raise ValueRefused("Die Kennung (guid) fehlt, und auch eine Kursnummer (nummer) ist nicht angegeben")
    if not record.texts("guid"):
        remarks.add("guid: Die Kennung fehlt; an ihrer Stelle steht die Kursnummer (nummer)")
    name, opening = _name(record)
    description, prerequisites = _texts(record)
    levels, level_words = _levels(record)
    audience, audience_words = _audience(record, schemes)
    mode, features = _features(record)
    credentials = [text for zertifikat in record.all("zertifikat") if (text := _credential(zertifikat)) is not None]
    keywords = (*_lines(record, "schlagwort"), *_lines(record, "nummer"), *level_words, *audience_words, *features)
    return Offer(
        id=offer_id(source, identifier),
        source=source,
        identifier=identifier,
        kind=Kind.COURSE,
        name=name,
        description="\n\n".join(filter(None, (*opening, description))) or None,
        provider=provider,
        url=_url(record, remarks),
        keywords=tuple(word for word in keywords if word != identifier),
        topics=tuple(topic for code in _lines(record, "dvv_kategorie") for topic in schemes.dvv_topics(code)),
        audience=audience,
        level=levels,
        certificate=True if record.all("zertifikat") else None,
        credential=", ".join(dict.fromkeys(credentials)) or None,
        prerequisites=prerequisites,
        instances=tuple(run for run in (_instance(record, mode, remarks),) if run != Instance()),
    ).canonical()


def _instance(record: Element, mode: Mode | None, remarks: Remarks) -> Instance:
    dates = dates_of(record, remarks)
    price = _price(record, remarks)
    seats, taken = (_number(record, name, remarks) for name in ("maximale_teilnehmerzahl", "aktuelle_teilnehmerzahl"))
    return Instance(
        start=dates.start,
        end=dates.end,
        mode=mode,
        schedule=dates.schedule,
        sessions=dates.sessions,
        workload=_workload(record, remarks),
        place=_place(record, remarks),
        price=price.amount,
        price_note=price.note,
        seats=seats,
        seats_left=max(0, seats - taken) if seats and taken is not None else None,
    )


def _first(element: Element, name: str) -> str | None:
    return next(iter(_lines(element, name)), None)


def _lines(element: Element, name: str) -> list[str]:
    return [line for text in element.texts(name) if (line := clean_line(text)) is not None]


def _name(record: Element) -> tuple[str, list[str]]:
    """The title with the subtitles that say more than it does, and the subtitles that are too long for that."""
    name, subtitles = _first(record, "name"), _lines(record, "untertitel")
    if name is None:
        if not subtitles:
            raise ValueRefused("Der Titel (name) fehlt")
        name = subtitles.pop(0)
    opening = []
    for subtitle in subtitles:
        if not _words(subtitle) - _words(name):
            continue
        if len(subtitle) > _LONGEST_SUBTITLE:
            opening.append(subtitle)
        else:
            name = f"{name} – {subtitle}"
    return name, opening


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _texts(record: Element) -> tuple[str | None, str | None]:
    """Description and prerequisites. What is said about persons stays unread."""
    description: list[str] = []
    prerequisites: list[str] = []
    for block in record.all("text"):
        kind = (_first(block, "eigenschaft") or "").lower()
        if kind in words()["text"]["persons"]:
            continue
        target = prerequisites if kind in words()["text"]["prerequisites"] else description
        target += [text for raw in block.texts("text") if (text := clean_text(raw)) is not None]
    return "\n\n".join(dict.fromkeys(description)) or None, "\n\n".join(dict.fromkeys(prerequisites)) or None


def _levels(record: Element) -> tuple[tuple[str, ...], list[str]]:
    """Levels of the Common European Framework, and what else stands there ("Einsteiger") as words."""
    levels: list[str] = []
    others = []
    for text in _lines(record, "level"):
        try:
            levels += parse_levels(text)
        except ValueRefused:
            others.append(text)
    return tuple(levels), others


def _audience(record: Element, schemes: Schemes) -> tuple[tuple[str, ...], list[str]]:
    """Well-known target groups, and the others as words."""
    audience: list[str] = []
    others = []
    for text in _lines(record, "zielgruppe"):
        if notations := schemes.match("audience", text):
            audience += notations
        else:
            others.append(text)
    return tuple(audience), others


def _features(record: Element) -> tuple[Mode | None, list[str]]:
    """The learning form and the keywords that the merkmale state; a merkmal that is not known stays unread."""
    modes, keywords = [], []
    for feature in (feature for group in record.all("merkmale") for feature in group.all("merkmal")):
        name = "".join("".join(part.parts) for part in feature.all("name")).strip()
        if name == "kursart_digital":
            modes += [
                Mode(mode) for text in feature.texts("wert") if (mode := words()[name].get(text.strip())) is not None
            ]
        elif name in words()["merkmal_keywords"]:
            keywords += [
                words()["merkmal_keywords"][name] for text in feature.texts("wert") if text.strip() in ("true", "1")
            ]
        else:
            continue
        feature.texts("name")
    if Mode.BLENDED in modes:
        return Mode.BLENDED, keywords
    return (modes[0] if modes else None), keywords


def _credential(zertifikat: Element) -> str | None:
    """Its name; where that is a mere code, its text."""
    name, text = _first(zertifikat, "name"), _first(zertifikat, "text")
    return text or name if name is None or _CODE.fullmatch(name) else name


def _place(record: Element, remarks: Remarks) -> Place | None:
    places = record.all("veranstaltungsort")
    if not places:
        return None
    if len(places) > 1:
        remarks.add(f"veranstaltungsort: Von {len(places)} Orten wird der erste übernommen")
    place = places[0]
    address = next(iter(place.all("adresse")), place)
    country = _first(address, "land") or ""
    home = country.lower() in words()["home"]["words"]
    name, district, locality = _first(place, "name"), _first(address, "ortsteil"), _first(address, "ort")
    postal_code = _first(address, "plz")
    wheelchair = _first(place, "barrierefrei")
    found = Place(
        name=f"{name} ({district})" if name and district else name or district,
        street=_first(address, "strasse"),
        postal_code=remarks.value(parse_postal_code, postal_code, "plz") if home else postal_code,
        locality=locality if home or locality is None else f"{locality} ({country})",
        wheelchair={"true": True, "1": True, "false": False, "0": False}.get(wheelchair or ""),
    )
    return None if found == Place() else found


def _price(record: Element, remarks: Remarks) -> Price:
    """The regular price; reduced ones and additions are a note."""
    prices = [(_amount(preis, remarks), preis) for preis in record.all("preis")]
    if not prices:
        return Price()
    regular = next((index for index, (_, preis) in enumerate(prices) if not _reduced(preis)), 0)
    amount, notes = prices[regular][0].amount, []
    for index, (price, preis) in enumerate(prices):
        additions = _lines(preis, "zusatz")
        if index != regular and price.amount is not None:
            additions.insert(0, f"{price.amount:.2f} €".replace(".", ","))
        if price.note is not None:
            additions.insert(0, price.note)
        notes.append(" ".join(additions) if index != regular else "; ".join(additions))
        if _first(preis, "rabatt_moeglich") == "true":
            notes.append("Ermäßigung möglich")
    note = "; ".join(dict.fromkeys(filter(None, notes))) or None
    if amount == 0 and note is not None and any(word in note.lower() for word in words()["price"]["open"]):
        amount = None  # "0.0 auf Anfrage" is how exports without an empty price write that it is not known
    return Price(amount, note)


def _reduced(preis: Element) -> bool:
    return any(
        word.startswith(tuple(words()["price"]["reduced"])) for text in preis.texts("zusatz") for word in _words(text)
    )


def _amount(preis: Element, remarks: Remarks) -> Price:
    text = next(iter(preis.texts("betrag")), None)
    if text is not None and _DECIMAL.fullmatch(text.strip()):  # 82.800 is a decimal here, no thousands
        return Price(Decimal(text.strip()).quantize(Decimal("0.01")))
    return remarks.value(parse_price, text, "betrag") or Price()


def _number(record: Element, name: str, remarks: Remarks) -> int | None:
    """A count; -1 is how exports write that it is not known."""
    text = next(iter(record.texts(name)), None)
    return None if text is None or text.strip() == "-1" else remarks.value(parse_int, text, name)


def _workload(record: Element, remarks: Remarks) -> str | None:
    """``dauer`` counts teaching units of 45 minutes: in the official example five evenings of 2.5 hours are 15."""
    text = next(iter(record.texts("dauer")), None)
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text.strip()):
        remarks.add(f"dauer: „{text.strip()[:60]}“ ist keine Zahl; die Angabe wird nicht übernommen")
        return None
    units = Decimal(text.strip()).normalize()
    if units == 0:
        return None
    return "1 Unterrichtseinheit" if units == 1 else f"{units:f} Unterrichtseinheiten".replace(".", ",")


def _url(record: Element, remarks: Remarks) -> str | None:
    """The web page of the course; attachments and pictures stay unread."""
    for kind in ("website", "website_mobile"):
        for address in record.all("webadresse"):
            if "".join("".join(part.parts) for part in address.all("typ")).strip() == kind:
                for name in ("typ", "name"):
                    address.texts(name)
                return remarks.value(parse_url, next(iter(address.texts("uri")), None), "webadresse")
    return None


@cache
def words() -> dict[str, Any]:
    """The tables of ``words.toml``, read once; not to be changed."""
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
