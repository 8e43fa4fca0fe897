"""Why a hit is a hit, in German, read off the offer itself: without the named field the reason would not be there."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from ontology.offer import Instance, Offer, Place
from search.answer import Reason, ReasonKind
from search.columns import instance_daytimes, instance_weekdays
from search.filters import FITS, UNKNOWN

__all__ = [
    "ages_in_words",
    "distance_in_words",
    "euro_in_words",
    "reason_of_wish",
    "reasons_of_concepts",
    "reasons_of_lexicon",
    "reasons_of_words",
]

_PHRASES = Path(__file__).with_name("reasons.toml")


@cache
def _phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads(_PHRASES.read_text(encoding="utf-8"))


def reason_of_wish(wish: str, status: int, offer: Offer, instance: Instance, distance_km: float | None) -> Reason:
    """What becomes of one wish: fulfilled, unknown or unfulfilled, with the offer's own value."""
    field = wish.removeprefix("not.")
    if field == "place":
        return _place(wish, status, offer, instance, distance_km)
    if status == UNKNOWN:
        return Reason(kind="unknown", field=wish, text=_phrases()["unknown"][field])
    return Reason(kind=_kind(status), field=wish, text=_VALUES[field](offer, instance))


def _kind(status: int) -> ReasonKind:
    return "fulfilled" if status == FITS else "unknown" if status == UNKNOWN else "unfulfilled"


def _place(wish: str, status: int, offer: Offer, instance: Instance, distance_km: float | None) -> Reason:
    place = instance.place or offer.place or Place()
    if instance.mode == "online":
        text = _phrases()["mode"]["online"]
    elif status == UNKNOWN:
        text = _phrases()["unknown"]["place"]
    else:
        away = "" if distance_km is None else f", {distance_in_words(distance_km)} entfernt"
        text = f"in {place.locality or place.name}{away if status != FITS else ''}"
    return Reason(kind=_kind(status), field=wish, text=text)


def _start(_: Offer, instance: Instance) -> str:
    return "" if instance.start is None else f"beginnt am {instance.start:%d.%m.%Y}"


def _daytime(_: Offer, instance: Instance) -> str:
    time = instance.schedule.start_time if instance.schedule else None
    if time is None and isinstance(instance.start, dt.datetime):
        time = instance.start.time()
    return _listed("daytime", instance_daytimes(instance)) if time is None else f"beginnt um {time:%H:%M} Uhr"


def _price(_: Offer, instance: Instance) -> str:
    return "kostenlos" if instance.price == 0 else f"kostet {euro_in_words(instance.price)}"


def _language(offer: Offer, _: Instance) -> str:
    labels = _phrases()["language"]
    return "Unterricht auf " + ", ".join(labels.get(code, code) for code in offer.in_language)


def _certificate(offer: Offer, _: Instance) -> str:
    return f"Abschluss: {offer.credential}" if offer.credential else _phrases()["certificate"][str(offer.certificate)]


def _wheelchair(offer: Offer, instance: Instance) -> str:
    return _phrases()["wheelchair"][str((instance.place or offer.place or Place()).wheelchair)]


_VALUES: dict[str, Callable[[Offer, Instance], str]] = {
    "start": _start,
    "weekdays": lambda _, instance: _listed("weekdays", instance_weekdays(instance)),
    "daytime": _daytime,
    "price_max": _price,
    "mode": lambda _, instance: _listed("mode", (instance.mode,) if instance.mode else ()),
    "level": lambda offer, _: "Niveau " + ", ".join(offer.level),
    "in_language": _language,
    "audience": lambda offer, _: _listed("audience", offer.audience),
    "age": lambda offer, _: ages_in_words(offer.age_min, offer.age_max),
    "time_model": lambda _, instance: _listed("time_model", instance.time_model),
    "funding": lambda offer, _: _listed("funding", offer.funding),
    "certificate": _certificate,
    "wheelchair": _wheelchair,
    "childcare": lambda offer, _: _phrases()["childcare"][str(offer.childcare)],
}


def _listed(field: str, values: Sequence[str]) -> str:
    labels = _phrases()[field]
    return ", ".join(labels[value] for value in values)


def distance_in_words(km: float) -> str:
    """A distance as people say it."""
    return "weniger als 1 km" if km < 1 else f"{km:.0f} km"


def euro_in_words(amount: object) -> str:
    """An amount with a comma; whole euros without cents."""
    text = f"{float(str(amount)):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"{text.removesuffix(',00')} €"


def ages_in_words(low: int | None, high: int | None) -> str:
    """The ages an offer is for."""
    if high is None:
        return f"ab {low} Jahren"
    return f"bis {high} Jahre" if low is None else f"von {low} bis {high} Jahren"


def reasons_of_concepts(
    offer: Offer, asked: Mapping[str, Sequence[str]], label: Callable[[str, str], str]
) -> Iterator[Reason]:
    """Which concepts of the question the offer has. ``asked``: notations by facet."""
    for facet, field, scheme in (("topic", "topics", "topics"), ("phase", "phases", "phases")):
        shared = [notation for notation in asked.get(facet, ()) if notation in getattr(offer, field)]
        if shared:
            named = ", ".join(label(scheme, notation) for notation in shared[:2])
            yield Reason(kind="meaning", field=field, text=f"{_phrases()['concepts'][field]} {named}")


def reasons_of_lexicon(
    offer: Offer, question: str, behind: Iterable[tuple[str, frozenset[str]]], stems: Callable[[str], list[str]]
) -> Iterator[Reason]:
    """Which of the providers' terms behind the question's words stand in the offer; only those of the surest concept are named.

    ``behind``: terms of a concept, separated by commas, and the stems of the question that name it.
    """
    for terms, said in behind:
        for field, text in _texts(offer):
            there = frozenset(stems(text))
            found = [term for term in terms.split(", ") if there.issuperset(stems(term) or [term])]
            if found:
                words = [
                    word for word in re.findall(r"\w+", question) if any(_names(stems(word), part) for part in said)
                ]
                asked = " ".join(dict.fromkeys(words))
                phrase = _phrases()["lexicon"][field].format(term=found[0], asked=asked)
                yield Reason(kind="meaning", field=field, text=phrase)
                return


def _names(word: Iterable[str], part: str) -> bool:
    """Whether a word's stem is the part, or a compound with it."""
    return any(stem == part or stem.startswith(part) or stem.endswith(part) for stem in word)


def _texts(offer: Offer) -> tuple[tuple[str, str], ...]:
    """The fields that say what an offer is about, the one that says most first."""
    return (
        ("name", offer.name),
        ("keywords", " ".join(offer.keywords)),
        ("provider", offer.provider.name if offer.provider else ""),
        ("description", offer.description or ""),
    )


def reasons_of_words(offer: Offer, asked: frozenset[str], stems: Callable[[str], list[str]]) -> Iterator[Reason]:
    """Which words of the offer match the question's stems ``asked``; only the field that says most is named."""
    for field, text in _texts(offer):
        words = dict.fromkeys(word for word in re.findall(r"\w+", text) if asked.intersection(stems(word)))
        if words:
            quoted = ", ".join(f"„{word}“" for word in list(words)[:4])
            yield Reason(kind="words", field=field, text=f"{_phrases()['words'][field]} {quoted}")
            return
