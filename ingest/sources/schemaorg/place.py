"""Where something happens: Place, VirtualLocation, PostalAddress, GeoCoordinates, or mere words."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.node import Node
from ingest.sources.schemaorg.words import words
from ingest.text import clean_line
from ingest.values import parse_coordinate, parse_postal_code
from ontology.offer import Mode, Place

__all__ = ["place_of", "where_of"]

_ADDRESS = re.compile(
    r"(?:(?P<street>.*?)[,;\n ]+)?(?:D-)?(?P<code>[0-9]{5})\s+(?P<locality>[^\d,;][^,;]*)(?:[,;].*)?", re.DOTALL
)


def where_of(node: Node, name: str, remarks: Remarks) -> tuple[Place | None, Mode | None]:
    """The first real place under the property, and the learning form that the locations state: a virtual one is online."""
    place, virtual = None, False
    for value in node.values(name):
        if isinstance(value, Node) and value.is_a("VirtualLocation"):
            virtual = True
            value.values("url")  # the room of a video call is no address of the offer
            value.values("name")
            continue
        found = place_of(value, remarks)
        if found is not None and _online(found):
            virtual = True
        elif place is None:
            place = found
        elif found is not None and found != place:
            remarks.add(f"{name}: Von mehreren Orten wird der erste übernommen")
    if not virtual:
        return place, None
    return place, Mode.ONLINE if place is None else Mode.BLENDED


def place_of(value: Any, remarks: Remarks) -> Place | None:
    """A place from an object or from words; None where they say nothing."""
    if isinstance(value, str):
        line = clean_line(value)
        if line is None:
            return None
        address = _parsed(line, remarks)
        return Place(name=line) if address is None else address
    if not isinstance(value, Node):
        return None
    place = _address(value, remarks)
    latitude, longitude = _geo(value, remarks)
    name = value.text("name")
    if name is None and place == Place() and value.id is not None and value.empty:
        remarks.add(f"Der Verweis auf „{value.id[:100]}“ führt zu keinem Ort in der Datei")
    place = msgspec.structs.replace(
        place, name=name, latitude=latitude, longitude=longitude, wheelchair=_wheelchair(value)
    )
    return None if place == Place() else place


def _address(node: Node, remarks: Remarks) -> Place:
    """The address in the node, which may itself be the address."""
    for value in node.values("address"):
        if isinstance(value, Node):
            return _address(value, remarks)
        line = clean_line(str(value))
        if line is not None:
            return _parsed(line, remarks) or (Place(street=line) if re.search(r"\d", line) else Place(locality=line))
    country = node.text("addressCountry") or ""
    home = country.lower() in words()["home"]["words"]
    locality, code = _named(node.text("addressLocality")), node.text("postalCode")
    return Place(
        street=_named(node.text("streetAddress")),
        postal_code=remarks.value(parse_postal_code, code, "postalCode") if home else code,
        locality=locality if home or locality is None else f"{locality} ({country})",
    )


def _parsed(line: str, remarks: Remarks) -> Place | None:
    """Street, postal code and town of an address in one line."""
    match = _ADDRESS.fullmatch(line)
    if match is None:
        return None
    code = remarks.value(parse_postal_code, match["code"], "address")
    return Place(street=_named(match["street"]), postal_code=code, locality=_named(match["locality"]))


def _named(text: str | None) -> str | None:
    """``text``, None where it holds neither letter nor digit: exports that join empty columns leave a "," behind."""
    return text.strip(" ,;") if text is not None and re.search(r"\w", text) else None


def _geo(node: Node, remarks: Remarks) -> tuple[float | None, float | None]:
    geo = node.node("geo") or node
    latitude = remarks.value(lambda text: parse_coordinate(text, 90), geo.text("latitude"), "latitude")
    longitude = remarks.value(lambda text: parse_coordinate(text, 180), geo.text("longitude"), "longitude")
    return (latitude, longitude) if latitude is not None and longitude is not None else (None, None)


def _wheelchair(node: Node) -> bool | None:
    for feature in node.nodes("amenityFeature"):
        name = (feature.text("name") or "").lower()
        if any(word in name for word in words()["wheelchair"]["words"]):
            value = next(iter(feature.values("value")), True)
            return str(value).rpartition("/")[2].lower() in ("true", "1", "yes", "ja")
    return None


def _online(place: Place) -> bool:
    """Whether the only thing the place says is "online"."""
    said = {text.lower() for text in (place.name, place.street, place.locality) if text is not None}
    return place.postal_code is None and bool(said) and all(words()["mode"].get(text) == Mode.ONLINE for text in said)
