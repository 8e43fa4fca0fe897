"""Adds to an offer what follows safely from its own words, and nothing else.

What a source states is never changed. Patterns and word lists are data: ``enrich.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from importlib.resources import files

import msgspec

from ingest.enrich_words import Lexicon, Pattern, Rule
from ingest.phrases import Phrases, Word, words_of
from ingest.places import Locator
from ontology.concepts import ConceptScheme, Schemes, fold
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Mode, Offer, Place

__all__ = ["Enricher"]

_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")


class _Said(msgspec.Struct, frozen=True):
    """What a keyword says."""

    topics: tuple[str, ...]
    audience: tuple[str, ...]
    funding: tuple[str, ...]
    modes: tuple[str, ...]


class Enricher:
    """Completes offers; made once for a run and then called with each offer."""

    def __init__(self, schemes: Schemes, gazetteer: Gazetteer, district: str | None = None) -> None:
        """``district``: key or name of the catalogue's district, which decides between places of the same name."""
        text = files("ingest").joinpath("enrich.toml").read_bytes()
        self._lexicon = lexicon = msgspec.toml.decode(text, type=Lexicon)
        self._schemes = schemes
        self._locator = Locator(gazetteer, district)
        topics = schemes["topics"]
        self._lineage = {notation: (notation, *topics.ancestors(notation)) for notation in topics.concepts}
        self._topic_labels = Phrases(
            (*_labels(topics, lexicon.topics.vague), *lexicon.topics.words.items()), lexicon.topics.endings
        )
        self._audience_labels = Phrases(
            (*_labels(schemes["audience"], lexicon.audience.vague), *lexicon.audience.words.items())
        )
        self._funding_labels = Phrases(_labels(schemes["funding"], lexicon.funding.vague))
        self._known_keywords: dict[str, _Said] = {}
        self._separators = re.compile(lexicon.topics.separators)
        self._topic_patterns = _compiled(lexicon.topics.patterns)
        self._audience_patterns = _compiled(lexicon.audience.patterns)
        self._mode_patterns = _compiled(lexicon.mode.titles)
        self._about_work = re.compile(lexicon.audience.about_work, re.IGNORECASE)
        self._online_place = re.compile(lexicon.mode.online_place)
        self._level = re.compile(lexicon.level.pattern)
        self._level_after_slash = re.compile(lexicon.level.after_slash)
        self._childcare = re.compile(lexicon.childcare, re.IGNORECASE)
        self._level_marked = re.compile(lexicon.level.marked, re.IGNORECASE)

    def __call__(self, offer: Offer) -> Offer:
        """The offer with topics added, and with level, phases, audience, funding, childcare, mode and places where it states none."""
        offer = self._known(offer)
        words = words_of(offer.name)
        said = [self._keyword(keyword) for keyword in offer.keywords]
        topics = self._topics(offer, words, said)
        offer = msgspec.structs.replace(
            offer,
            topics=topics,
            level=offer.level or self._levels(offer, topics),
            audience=offer.audience or self._audience(offer, words, said),
            funding=offer.funding or self._funding(words, said),
            childcare=self._has_childcare(offer) if offer.childcare is None else offer.childcare,
        )
        mode = self._stated_mode(offer, said)
        return msgspec.structs.replace(
            offer,
            phases=offer.phases or self._phases(offer),
            place=None if offer.place is None else self._locator.complete(offer.place),
            instances=tuple(self._instance(instance, mode) for instance in offer.instances),
        )

    def _keyword(self, keyword: str) -> _Said:
        said = self._known_keywords.get(keyword)
        if said is None:
            match = self._schemes.match
            extra = self._lexicon.audience.words.get(fold(keyword), ())
            said = self._known_keywords[keyword] = _Said(
                topics=tuple(self._topics_of_keyword(keyword)),
                audience=(*match("audience", keyword), *extra),
                funding=tuple(match("funding", keyword)),
                modes=tuple(match("mode", keyword)),
            )
        return said

    def _known(self, offer: Offer) -> Offer:
        """Notations that no scheme has (a mistake in a mapping) become keywords: they are said, but they mean nothing."""
        fields = ("topics", "phases", "audience", "level", "funding")
        stated = {field: getattr(offer, field) for field in fields}
        known = {field: tuple(n for n in stated[field] if n in self._schemes[field].concepts) for field in fields}
        if known == stated:
            return offer
        strange = [n for field in fields for n in stated[field] if n not in known[field]]
        return msgspec.structs.replace(offer, keywords=(*offer.keywords, *strange), **known)

    def _has_childcare(self, offer: Offer) -> bool | None:
        said = any(self._childcare.search(text) for text in (offer.name, *offer.keywords))
        return True if said else None

    # --- topics and phases

    def _topics(self, offer: Offer, words: Sequence[Word], said: Sequence[_Said]) -> tuple[str, ...]:
        found = list(self._topics_in(words))
        for keyword in said:
            found.extend(keyword.topics)
        for pattern, entry in self._topic_patterns:
            if pattern.search(offer.name):
                found.extend(entry.topics)
        found.extend(self._lexicon.topics.kinds.get(offer.kind, ()))
        wider = {broader for topic in (*found, *offer.topics) for broader in self._lineage[topic][1:]}
        wider.update(
            rest
            for rest in self._lexicon.topics.rest.intersection(found)
            if any(topic != rest and self._lineage[topic][1:] == self._lineage[rest][1:] for topic in found)
        )
        return tuple(dict.fromkeys((*offer.topics, *(topic for topic in found if topic not in wider))))

    def _topics_in(self, words: Sequence[Word], vague: Set[str] = frozenset()) -> Iterable[str]:
        for found in self._topic_labels.find(words):
            if found.label in vague:
                continue
            before = words[found.start - 1].folded if found.start else ""
            for topic in found.notations:
                if not (before in self._lexicon.topics.means_language and "languages" in self._lineage[topic][1:]):
                    yield topic

    def _topics_of_keyword(self, keyword: str) -> list[str]:
        whole = self._schemes.match("topics", keyword)
        if whole:
            return whole
        vague = self._lexicon.topics.vague_parts
        found = list(self._topics_in(words_of(keyword), vague))
        for part in self._separators.split(keyword):
            if fold(part) not in vague:
                found.extend(self._schemes.match("topics", part))
        return found

    def _phases(self, offer: Offer) -> tuple[str, ...]:
        lexicon = self._lexicon.phases
        lineage = {wide for topic in offer.topics for wide in self._lineage[topic]}
        found = set(lexicon.kinds.get(offer.kind, ()))
        for rule in lexicon.rules:
            if _applies(rule, offer, lineage):
                found.update(rule.phases)
        if (
            not found
            and not {"children", "youth"} & set(offer.audience)
            and _applies(lexicon.otherwise, offer, lineage)
        ):
            found.update(lexicon.otherwise.phases)
        return tuple(sorted(found))

    # --- audience, level, funding

    def _audience(self, offer: Offer, words: Sequence[Word], said: Sequence[_Said]) -> tuple[str, ...]:
        lexicon = self._lexicon.audience
        found = set(self._audience_after_for(words))
        for pattern, entry in self._audience_patterns:
            if pattern.search(offer.name):
                found.update(entry.audience)
        if found - lexicon.always and self._about_work.search(offer.name):
            found &= lexicon.always
        if offer.kind in lexicon.keyword_kinds:
            found.update(group for keyword in said for group in keyword.audience)
        for everybody in lexicon.everybody:
            if everybody <= found:
                found -= everybody
        return tuple(sorted(found))

    def _audience_after_for(self, words: Sequence[Word]) -> Iterable[str]:
        """The groups that follow "für", up to the first word that is none and no filler."""
        starts = [index + 1 for index, word in enumerate(words) if word.folded == "fuer"]
        if not starts:
            return
        groups = {found.start: found for found in self._audience_labels.find(words)}
        for start in starts:
            index = start
            while index < len(words):
                if index in groups:
                    yield from groups[index].notations
                    index = groups[index].end
                elif words[index].folded in self._lexicon.audience.fillers:
                    index += 1
                else:
                    break

    def _levels(self, offer: Offer, topics: Sequence[str]) -> tuple[str, ...]:
        lexicon = self._lexicon.level
        found: set[str] = set()
        about_language = any(wide in lexicon.topics for topic in topics for wide in self._lineage[topic])
        for text in (offer.name, *offer.keywords):
            if self._level.search(text) and (about_language or self._level_marked.search(text)):
                for match in self._level.finditer(text):
                    low = _LEVELS.index(match["from"])
                    high = _LEVELS.index(match["to"] or match["from"])
                    found.update(_LEVELS[low : high + 1])
                found.update(match["from"] for match in self._level_after_slash.finditer(text))
        return tuple(sorted(found))

    def _funding(self, words: Sequence[Word], said: Sequence[_Said]) -> tuple[str, ...]:
        found = {notation for keyword in said for notation in keyword.funding}
        for match in self._funding_labels.find(words):
            if not (match.start and words[match.start - 1].folded in self._lexicon.funding.denials):
                found.update(match.notations)
        return tuple(sorted(found))

    # --- mode and places

    def _stated_mode(self, offer: Offer, said: Sequence[_Said]) -> Mode | None:
        for pattern, entry in self._mode_patterns:
            if pattern.search(offer.name):
                return entry.mode
        found = {notation for keyword in said for notation in keyword.modes}
        return Mode(found.pop()) if len(found) == 1 else None

    def _instance(self, instance: Instance, mode: Mode | None) -> Instance:
        place = instance.place
        online = place is not None and self._is_online(place)
        complete = place if place is None or online else self._locator.complete(place)
        mode = instance.mode or (Mode.ONLINE if online else mode)
        if mode is instance.mode and complete is place:
            return instance
        return msgspec.structs.replace(instance, mode=mode, place=complete)

    def _is_online(self, place: Place) -> bool:
        """Whether the place is none: all that is said of it is "online" or the like."""
        said = [fold(text) for text in (place.name, place.locality) if text]
        return not place.street and bool(said) and all(self._online_place.fullmatch(text) for text in said)


def _labels(scheme: ConceptScheme, vague: frozenset[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Labels that may be looked for in a title, with their concept."""
    for concept in scheme.concepts.values():
        for label in (*concept.labels.values(), *concept.alt_labels):
            if fold(label) not in vague:
                yield label, (concept.notation,)


def _compiled(patterns: Iterable[Pattern]) -> list[tuple[re.Pattern[str], Pattern]]:
    return [(re.compile(entry.pattern, re.IGNORECASE), entry) for entry in patterns]


def _applies(rule: Rule, offer: Offer, lineage: set[str]) -> bool:
    return (not rule.kinds or offer.kind in rule.kinds) and not rule.topics.isdisjoint(lineage)
