"""Reads a question: wishes with their words, what is left as topic, the language, and what is only supposed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ontology.gazetteer import Gazetteer
from search.question.asides import Asides
from search.question.dates import DateReader
from search.question.folding import Folded, fold
from search.question.language import LanguageGuess
from search.question.lexicon import Candidate, Patterns, Phrase, Rule, read_rules, words
from search.question.marks import MONTHS, WEEKDAY_MARKS, Marker
from search.question.negation import Judged, Negation
from search.question.numbers import NumberReader
from search.question.places import Place, PlaceReader
from search.question.sieve import Sieve
from search.question.teaching import TeachingLanguage
from search.question.topic import TopicReader
from search.question.values import ValueReader
from search.question.weekdays import WeekdayReader
from search.question.windows import Window, merge
from search.question.wishes import DAYTIMES, LEVELS, WEEKDAYS, Wishes

__all__ = ["Question", "QuestionReader", "Span", "Suggestion"]

_READ = 1_500  # characters in which wishes are looked for; a longer text is no question
_LEXICONS = ("traps", "price", "daytime", "weekdays", "age", "mode", "level", "audience", "extras")
_OFFSPRING = "offspring"  # an audience that only the age tells
_YOUTH_FROM, _GROWN_UP_FROM = 14, 21
_ORDER = {"weekdays": WEEKDAYS, "daytime": DAYTIMES, "level": LEVELS}
_SORTED = ("audience", "time_model", "funding")


class Span(msgspec.Struct, frozen=True):
    """The words ``text[start:end]`` say ``filter``; "not." before it where they rule it out. ``label`` are the words."""

    filter: str
    start: int
    end: int
    label: str


class Suggestion(msgspec.Struct, frozen=True):
    """A wish that the words may mean."""

    filter: str
    value: str | float | tuple[str, ...]


class Question(msgspec.Struct, frozen=True):
    """What was understood. ``language`` is a BCP 47 code; ``spans`` do not overlap and follow the text."""

    text: str
    language: str
    topic: str
    wishes: Wishes
    spans: tuple[Span, ...] = ()
    suggested: tuple[Suggestion, ...] = ()


class QuestionReader:
    """Made once (some hundred patterns are compiled), then read with from any thread.

    ``home`` is the (latitude, longitude) around which ambiguous names of places are sought; without it the centre of the
    district with the 5-digit key ``district``; without both the better known place counts.
    """

    def __init__(
        self, gazetteer: Gazetteer, home: tuple[float, float] | None = None, district: str | None = None
    ) -> None:
        if home is None and district is not None and (found := gazetteer.district(district)) is not None:
            home = (found.latitude, found.longitude)
        numbers, calendar = words("numbers"), words("calendar")
        number = NumberReader(numbers["number"])
        patterns = Patterns({"month": [MONTHS], "weekday": [WEEKDAY_MARKS], **words("macros")["macro"]})
        self._mark = Marker(calendar, words("spelling"), patterns, number)
        self._weekdays = WeekdayReader(calendar, patterns)
        self._dates = DateReader(calendar, patterns, numbers["ordinal"])
        rules = [rule for name in _LEXICONS for rule in read_rules(words(name), patterns)]
        self._patterns = Sieve((pattern.needs, (pattern, rule)) for rule in rules for pattern in rule.patterns)
        suggesting = read_rules(words("suggested"), patterns)
        self._suggesting = Sieve((pattern.needs, (pattern, rule)) for rule in suggesting for pattern in rule.patterns)
        self._values = ValueReader(number)
        self._teaching = TeachingLanguage(words("language"), patterns)
        self._places = PlaceReader(words("place"), words("transliteration"), patterns, number, gazetteer, home)
        self._extension = {name: patterns.ending(source) for name, source in words("extend")["left"].items()}
        self._negation = Negation(words("negation"), patterns)
        self._asides = Asides(words("asides"), patterns)
        self._topic = TopicReader(words("topic"), patterns)
        self._guess = LanguageGuess(words("language_of_text"))

    def read(self, text: str, today: dt.date) -> Question:
        """Understand ``text`` asked on ``today``. Any text is fine; the time is linear in its length."""
        folded = self._mark(fold(text[:_READ]))
        language = self._guess(text)
        chosen = list(self._extended(folded.text, _without_overlaps(self._candidates(folded, language, today))))
        shields = [candidate for candidate in chosen if not candidate.filter]
        judged = self._negation(folded.text, [candidate for candidate in chosen if candidate.filter])
        meant = self._asides.left_out(folded.text, judged)
        wishes, used = _combined([each.candidate for each in meant if each.said == "asked"])
        excluded, used_out = _combined([each.candidate for each in meant if each.is_refused])
        if used_out:
            wishes = msgspec.structs.replace(wishes, ruled_out=excluded)
        spans = [_span(folded, c, "") for c in used] + [_span(folded, c, "not.") for c in used_out]
        spans.sort(key=lambda span: span.start)
        gone = [(shield.start, shield.end) for shield in shields if not shield.keep]
        gone += [(each.start, each.end) for each in meant if _is_no_topic(each, used + used_out)]
        topic = self._topic(folded, [folded.span(*stretch) for stretch in gone])
        return Question(
            text=text,
            language=language,
            topic=topic or text.strip(),
            wishes=wishes,
            spans=tuple(spans),
            suggested=tuple(self._suggestions(folded.text, used + used_out, wishes)),
        )

    def _candidates(self, folded: Folded, language: str, today: dt.date) -> Iterator[Candidate]:
        for pattern, rule in self._patterns.of(folded.text):
            yield from self._by_rule(rule, pattern, folded)
        yield from self._weekdays.find(folded)
        yield from self._dates.find(folded.text, today)
        yield from self._teaching.find(folded.text)
        yield from self._places.find(folded, language)

    def _by_rule(self, rule: Rule, pattern: Phrase, folded: Folded) -> Iterator[Candidate]:
        for match in rule.matches_of(pattern, folded.text):
            value = self._values(rule.reader, match) if rule.reader else rule.value
            if value is None and rule.filter:
                continue
            if rule.original is not None:
                start, end = folded.span(match.start(), match.end())
                if rule.original not in folded.original[start:end]:
                    continue
            yield Candidate(match.start(), match.end(), rule.filter, value, rule.rank, rule.keep)

    def _extended(self, text: str, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """With the small words before them that belong to them: "für Frauen", not "Frauen"."""
        reached = 0
        for candidate in candidates:
            pattern = self._extension.get(candidate.filter)
            match = pattern.search(text[reached : candidate.start]) if pattern else None
            start = candidate.start - len(match[0]) if match else candidate.start
            reached = candidate.end
            yield msgspec.structs.replace(candidate, start=start)

    def _suggestions(self, text: str, used: Iterable[Candidate], wishes: Wishes) -> Iterator[Suggestion]:
        taken = [(candidate.start, candidate.end) for candidate in used]
        seen = set()
        for pattern, rule in self._suggesting.of(text):
            if getattr(wishes, rule.filter) not in (None, ()) or rule.filter in seen:
                continue
            if any(
                all(match.end() <= start or end <= match.start() for start, end in taken)
                for match in rule.matches_of(pattern, text)
            ):
                seen.add(rule.filter)
                yield Suggestion(rule.filter, rule.value)


def _without_overlaps(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The strongest of those that overlap, in the order of the text."""
    kept: list[Candidate] = []
    taken = bytearray(4 * _READ)
    for candidate in sorted(candidates, key=lambda c: (-c.rank, c.start - c.end, c.start, c.filter)):
        if not any(taken[candidate.start : candidate.end]):
            taken[candidate.start : candidate.end] = b"\1" * (candidate.end - candidate.start)
            kept.append(candidate)
    return sorted(kept, key=lambda c: c.start)


def _combined(candidates: list[Candidate]) -> tuple[Wishes, list[Candidate]]:
    """One set of wishes of all candidates, and those that went into it."""
    fields: dict[str, Any] = {}
    ages = [c.value for c in candidates if c.filter == "age"]
    used = [candidate for candidate in candidates if _put(fields, candidate, ages)]
    for name, order in _ORDER.items():
        if name in fields:
            fields[name] = tuple(value for value in order if value in fields[name])
    for name in _SORTED:
        if name in fields:
            fields[name] = tuple(sorted(fields[name]))
    return Wishes(**fields), used


def _put(fields: dict[str, Any], candidate: Candidate, ages: list[tuple[int | None, int | None]]) -> bool:
    """Add one candidate; False where it adds nothing that can be said."""
    name, value = candidate.filter, candidate.value
    if name == "place":
        place: Place = value
        if "place" in fields and fields["place_ags"] != place.municipality.ags:
            return False
        fields |= {"place": place.municipality.name, "place_ags": place.municipality.ags}
        if place.radius_km is not None:
            fields["radius_km"] = place.radius_km
    elif name == "start":
        window: Window = merge(Window(fields.get("start_from"), fields.get("start_to")), value)
        fields |= {key: date for key, date in (("start_from", window.start), ("start_to", window.end)) if date}
    elif name == "age":
        fields["age"] = _wider(fields.get("age"), value)
    elif name == "audience" and value == (_OFFSPRING,):
        known = [age for pair in ages for age in pair if age is not None]
        if not known or max(known) >= _GROWN_UP_FROM:
            return False
        fields[name] = {*fields.get(name, ()), "children" if min(known) < _YOUTH_FROM else "youth"}
    elif isinstance(value, tuple):
        fields[name] = {*fields.get(name, ()), *value}
    elif name in fields and fields[name] != value:
        return False
    else:
        fields[name] = value
    return True


def _wider(
    one: tuple[int | None, int | None] | None, other: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """Both ages together: "ab 6" and "bis 10" is 6 to 10, "6 und 9" too."""
    if one is None:
        return other
    known = sorted(age for age in (*one, *other) if age is not None)
    low = None if one[0] is None and other[0] is None else known[0]
    high = None if one[1] is None and other[1] is None else known[-1]
    return low, high


def _is_no_topic(judged: Judged, used: list[Candidate]) -> bool:
    """Whether the words say only what is wished, ruled out or left open."""
    return not judged.candidate.keep and (judged.said == "open" or judged.candidate in used)


def _span(folded: Folded, candidate: Candidate, prefix: str) -> Span:
    start, end = folded.span(candidate.start, candidate.end)
    while folded.original[end - 1].isspace() and end - 1 > start:
        end -= 1
    name = "start_from" if candidate.filter == "start" else candidate.filter
    if candidate.filter == "start" and candidate.value.start is None:
        name = "start_to"
    return Span(prefix + name, start, end, folded.original[start:end])
