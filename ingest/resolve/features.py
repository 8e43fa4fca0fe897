"""What speaks for and against two offers being the same, each as a number between 0 and 1 with a sentence of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from ingest.resolve.traits import Town, Traits
from ontology.offer import Kind

__all__ = ["Features", "compare"]

_ALIKE = 84  # per cent of the letters: one word in two spellings, where it begins alike
_SURELY_ALIKE = 93
_JOINED_ALIKE = 90
_LONGER = 7  # letters: in such a word one may be wrong
_LONG = 5  # letters: in a shorter word every letter counts
_MANY = 3  # words
_TAUGHT = {Kind.COURSE, Kind.PROGRAM, Kind.EVENT}
_SAME_TITLE = 0.06
_ANOTHER_PROVIDER = 0.25


class Features(NamedTuple):
    """Two offers compared; 0 where nothing is known. `ingest/resolve/weights.toml` says what each is worth."""

    title: float  # how far the titles are apart, apart from what the next ones say
    words: float  # words on either side that the other lacks
    more: float  # share of words that only the longer one has
    level: float  # language levels; 0.5 where only one side states one, as in all that follow
    part: float
    number: float
    step: float
    form: float
    provider: float
    name: float  # a word more or less in the name of a school, a library or a service: those are proper names
    unnamed: float  # neither says who offers it
    event: float  # the same title on the same day in the same town, from two providers
    town: float
    description: float
    told_alike: float  # the descriptions are the same
    mode: float
    kind: float
    address: float  # the same web address
    identifier: float  # the same number at the same provider, in two sources


def compare(one: Traits, other: Traits) -> Features:
    """The features of a pair; the order of the two does not matter."""
    if (other.plain, other.id) < (one.plain, one.id):
        one, other = other, one
    a, b = one.title, other.title
    own = set(one.provider.split()) & set(other.provider.split())  # "FORUM Unna: Potsdam", by Forum Unna
    lacking, longer = _lacking(a.words, b.words, own)
    title = 1 - max(fuzz.token_sort_ratio(one.plain, other.plain), _unspaced(one.plain, other.plain)) / 100
    provider = _provider(one.provider, other.provider)
    town = _disjoint(one.towns, other.towns)
    told = bool(one.description and other.description)
    description = 1 - fuzz.ratio(one.description, other.description) / 100 if told else 0.0
    same_day = bool(one.days & other.days)
    return Features(
        title=title,
        words=min(lacking, _MANY) / _MANY,
        more=longer / max(len(a.words), len(b.words), 1),
        level=_differ(a.levels, b.levels),
        part=_differ(a.parts, b.parts),
        number=_differ(a.numbers, b.numbers),
        step=_differ(a.steps, b.steps),
        form=_differ(a.forms, b.forms),
        provider=provider,
        name=float(lacking + longer > 0 and not {one.kind, other.kind} & _TAUGHT),
        unnamed=float(not one.provider and not other.provider),
        event=float(same_day and town == 0 and title <= _SAME_TITLE and provider >= _ANOTHER_PROVIDER),
        town=town,
        description=description,
        told_alike=float(told and description <= _SAME_TITLE),
        mode=float(bool(one.modes and other.modes) and not one.modes & other.modes),
        kind=float(one.kind != other.kind),
        address=float(bool(one.url) and one.url == other.url),
        identifier=float(
            one.source != other.source and one.identifier == other.identifier and provider < _ANOTHER_PROVIDER
        ),
    )


def _differ(one: Iterable[object], other: Iterable[object]) -> float:
    """1 where both state something else, 0.5 where only one states anything."""
    one, other = tuple(one), tuple(other)
    if set(one) == set(other) and len(one) == len(other):
        return 0.0
    return 1.0 if one and other else 0.5


def _disjoint(one: Set[Town], other: Set[Town]) -> float:
    """1 where the municipalities are others, 0.5 where only the names are: what stands there may be a building."""
    if not one or not other:
        return 0.0
    keys, others = ({town.ags for town in towns if town.ags} for towns in (one, other))
    if keys and others:
        return float(keys.isdisjoint(others))
    return 0.5 * (not any(fuzz.token_set_ratio(town.name, another.name) >= _ALIKE for town in one for another in other))


@lru_cache(10_000)  # few providers stand together in many pairs
def _provider(one: str, other: str) -> float:
    """How far the names of the providers are apart; 1 where only one is named."""
    if one == other:
        return 0.0
    if not one or not other:
        return 1.0
    return 1 - (fuzz.token_sort_ratio(one, other) + fuzz.token_set_ratio(one, other)) / 200


def _lacking(one: tuple[str, ...], other: tuple[str, ...], own: Set[str]) -> tuple[int, int]:
    """Words that have no counterpart: on both sides, and how many more on the longer one."""
    if one == other:
        return 0, 0
    here, there = _without(one, other), _without(other, one)
    for word in tuple(here):
        found = next((another for another in there if _one_word(word, another)), None)
        if found is not None:
            here.remove(word)
            there.remove(found)
    here, there = [word for word in here if word not in own], [word for word in there if word not in own]
    if here and there and _unspaced(" ".join(here), " ".join(there)) >= _JOINED_ALIKE:
        return 0, 0  # "Waldlandschaft" and "Wald-Landschaft"
    return min(len(here), len(there)), abs(len(here) - len(there))


def _without(one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    """Words of the one that the other lacks; of a repeated word as many as it lacks."""
    if len(set(one)) == len(one):
        return [word for word in one if word not in other]
    return list((Counter(one) - Counter(other)).elements())


def _unspaced(one: str, other: str) -> float:
    """Per cent of the letters that agree where spaces do not count: "Qi Gong" and "Qigong"."""
    return fuzz.ratio(one.replace(" ", ""), other.replace(" ", ""))


def _one_word(one: str, other: str) -> bool:
    """Whether both are spellings of one word."""
    if min(len(one), len(other)) < _LONG:
        return False
    if min(len(one), len(other)) >= _LONGER and Levenshtein.distance(one, other) <= 1:
        return True
    return fuzz.ratio(one, other) >= (_ALIKE if one[:3] == other[:3] else _SURELY_ALIKE)
