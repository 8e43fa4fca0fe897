"""Which words of an offer and which of its concepts a question found it by. What is quoted stands in the offer as it is quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from ontology.offer import Offer
from search.answer import Reason
from search.wording import Wording

__all__ = [
    "Meant",
    "meant_by",
    "reasons_of_concepts",
    "reasons_of_lexicon",
    "reasons_of_meaning",
    "reasons_of_words",
    "texts_of",
]

_QUOTED = 4  # words of one field
_WORD = re.compile(r"\w+")
_SENTENCE_ENDS = re.compile(r"[.!?;:\n]")

Stems = Callable[[str], Sequence[str]]
Text = tuple[str, str, Sequence[str]]  # a field, what stands there, and its stems


def reasons_of_concepts(
    offer: Offer, asked: Mapping[str, Sequence[str]], label: Callable[[str, str], str], say: Wording
) -> Iterator[Reason]:
    """Which concepts of the question the offer has. ``asked``: notations by facet."""
    for facet, field, scheme in (("topic", "topics", "topics"), ("phase", "phases", "phases")):
        if facet in asked and (shared := [notation for notation in asked[facet] if notation in getattr(offer, field)]):
            named = say["list"]["comma"].join(label(scheme, notation) for notation in shared[:2])
            yield Reason(kind="meaning", field=field, text=f"{say['concepts'][field]} {named}")


class Meant(msgspec.Struct, frozen=True):
    """What providers call something that the question means: the stems of each term and of all, and the question's words for it."""

    terms: tuple[tuple[str, ...], ...]
    stems: frozenset[str]
    asked: str


def meant_by(question: str, behind: Iterable[tuple[str, frozenset[str]]], stems: Stems) -> list[Meant]:
    """The concepts of the lexicon behind a question, without terms that the person said herself.

    ``behind``: terms of a concept, separated by commas, and the stems of the question that name it.
    """
    spoken = _words(question, stems)
    said = frozenset(stem for _, _, stem in spoken)
    found = []
    for names, naming in behind:
        terms = (tuple(stem for _, _, stem in _words(term, stems)) for term in names.split(", "))
        wanted = tuple(term for term in terms if term and not said.issuperset(term))
        asked = _asked(question, spoken, naming)
        if wanted and asked:
            found.append(Meant(wanted, frozenset(chain.from_iterable(wanted)), asked))
    return found


def reasons_of_lexicon(texts: Sequence[Text], meant: Sequence[Meant], stems: Stems, say: Wording) -> Iterator[Reason]:
    """Which of the providers' terms behind the question's words stand in the offer; only one of the surest concept is named."""
    for concept in meant:
        for field, text, stems_of_text in texts:
            if concept.stems.isdisjoint(stems_of_text):
                continue
            there = frozenset(stems_of_text)
            for term in concept.terms:
                if not there.issuperset(term):
                    continue
                if (quoted := _phrase(text, _words(text, stems), term)) is not None:
                    term_there, asked = say.quoted(quoted), say.quoted(concept.asked)
                    phrase = say["lexicon"]["text"].format(where=say["words"][field], term=term_there, asked=asked)
                    yield Reason(kind="meaning", field=field, text=phrase)
                    return


def reasons_of_words(texts: Sequence[Text], asks: Callable[[str], bool], say: Wording) -> Iterator[Reason]:
    """Which words of the offer the question ``asks`` for; only the field that says most is named."""
    for field, text, _ in texts:
        words = dict.fromkeys(filter(asks, _WORD.findall(text)))
        if words:
            quoted = say["list"]["comma"].join(map(say.quoted, list(words)[:_QUOTED]))
            yield Reason(kind="words", field=field, text=f"{say['words'][field]} {quoted}")
            return


def reasons_of_meaning(offer: Offer, between: str | None, say: Wording) -> Iterator[Reason]:
    """For a hit that shares neither words nor concepts with the question: what of the offer its vector is made of, the title before all.

    ``between``: what is near to both, as providers call it.
    """
    for field in ("name", "keywords", "description"):
        if getattr(offer, field):
            near = say["meaning"]["between"].format(term=between) if between else ""
            yield Reason(kind="meaning", field=field, text=say["meaning"][field] + near)
            return


def texts_of(offer: Offer, stems: Stems) -> list[Text]:
    """The fields that words are found in, the one that says most first; no phrase goes over the end of a line."""
    places = [place.locality for place in (offer.place, *(i.place for i in offer.instances)) if place]
    fields = (
        ("name", offer.name),
        ("keywords", "\n".join(offer.keywords)),
        ("provider", offer.provider.name if offer.provider else ""),
        ("description", offer.description),
        ("credential", offer.credential),
        ("prerequisites", offer.prerequisites),
        ("place", "\n".join(dict.fromkeys(filter(None, places)))),
    )
    return [(field, text, stems(text)) for field, text in fields if text]


def _words(text: str, stems: Stems) -> list[tuple[int, int, str]]:
    """Where each word of a text stands that says something, with its stem."""
    found = ((match, stems(match[0])) for match in _WORD.finditer(text))
    return [(match.start(), match.end(), stem) for match, of_word in found for stem in of_word]


def _phrase(text: str, words: Sequence[tuple[int, int, str]], term: Sequence[str]) -> str | None:
    """The stretch of the text that is the term, bent as it may be; None where its words do not stand together."""
    for first in range(len(words) - len(term) + 1):
        part = words[first : first + len(term)]
        if all(stem == wanted for (_, _, stem), wanted in zip(part, term, strict=True)):
            stretch = text[part[0][0] : part[-1][1]]
            if not _SENTENCE_ENDS.search(stretch):
                return " ".join(stretch.split())
    return None


def _asked(question: str, spoken: Sequence[tuple[int, int, str]], naming: Iterable[str]) -> str:
    """The question's words that name a concept, by themselves or as part of a compound; "…" where others stand between."""
    chosen: set[int] = set()
    for part in naming:
        exact = [place for place, (_, _, stem) in enumerate(spoken) if stem == part]
        chosen.update(
            exact or [p for p, (_, _, stem) in enumerate(spoken) if stem.startswith(part) or stem.endswith(part)]
        )
    words: list[str] = []
    before = None
    for place in sorted(chosen):
        start, end, _ = spoken[place]
        word = question[start:end]
        if word in words:
            continue
        if before is not None and place - before > 1:
            words.append("…")
        words.append(word)
        before = place
    return " ".join(words)
