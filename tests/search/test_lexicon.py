"""What people say and what providers call it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from search.encoder import Encoder
from search.lexicon import Compiled, Lexicon
from search.lexicon.compile import compile_lexicon, weigh_aliases
from search.lexicon.source import SourceConcept, read_concepts


class Counting:
    """An encoder whose vectors say how many letters a text has."""

    name = "counting"
    dimension = 1

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text)] for text in texts], np.float32)

    encode_offers = encode_questions


def compiled(*concepts: tuple[str, str], questions: Sequence[str] = ("Hilfe",) * 1000) -> Compiled:
    source = [SourceConcept(tuple(terms.split(", ")), tuple(said.split(" | "))) for terms, said in concepts]
    aliases = weigh_aliases(source, questions)
    return Compiled(
        terms=[terms for terms, _ in concepts],
        aliases=[" ".join(alias.stems) for alias in aliases],
        concepts=[list(alias.concepts) for alias in aliases],
        weights=[alias.weight for alias in aliases],
        by_stem={
            stem: [n for n, alias in enumerate(aliases) if alias.stems[0] == stem]
            for stem in {a.stems[0] for a in aliases}
        },
        stems=sorted({stem for alias in aliases for stem in alias.stems}),
        model="counting",
        vectors=np.array([[0.5]] * len(concepts), np.float16).tobytes(),
    )


def found(lexicon: Lexicon, text: str) -> list[str]:
    return [lexicon.terms[concept.number] for concept in lexicon.find(text)]


SMALL = compiled(
    ("Pilzkunde, Mykologie", "Schwammerl | Pfifferling | giftig Pilz"),
    ("Gebäudereinigung", "Putzkolonne | Treppenhaus wischen"),
    ("Schuldnerberatung", "Raten nicht zahlen | Inkasso"),
    ("Streicher, Violine", "Geige | Bratsche"),
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Welche Schwammerl darf man essen?", ["Pilzkunde, Mykologie"]),
        ("Pfifferlinge finden", ["Pilzkunde, Mykologie"]),  # another ending
        ("ich kann die Raten leider nicht mehr zahlen", ["Schuldnerberatung"]),  # words apart
        ("wir zahlen gern", []),  # a part of a group is not the group
        ("Geigenunterricht für Kinder", ["Streicher, Violine"]),  # within a compound
        ("", []),
    ],
)
def test_everyday_words_name_a_concept(text: str, terms: list[str]) -> None:
    assert found(Lexicon(SMALL, Counting()), text) == terms


def test_a_longer_alias_outweighs_its_parts() -> None:
    lexicon = Lexicon(compiled(("Noten lesen", "Blattspiel"), ("Zeugnisse", "Noten")), Counting())
    assert found(lexicon, "Noten lesen")[0] == "Noten lesen"


def test_common_words_name_nothing() -> None:
    many = compiled(("Kochkurs", "kochen"), questions=("kochen lernen",) * 1000)
    assert found(Lexicon(many, Counting()), "kochen") == []


def test_a_word_of_many_concepts_counts_less_for_each() -> None:
    lexicon = Lexicon(compiled(("A-Kurs", "Bank | Sparbuch"), ("B-Kurs", "Bank")), Counting())
    alone, shared = lexicon.find("Sparbuch"), lexicon.find("Bank")
    assert [c.number for c in shared] == [0, 1]
    assert alone[0].weight > shared[0].weight


def test_vectors_are_the_shipped_ones_or_made_by_the_model_in_use() -> None:
    assert Lexicon(SMALL, Counting()).vector(0).tolist() == [0.5]
    foreign = msgspec.structs.replace(SMALL, model="another")
    assert Lexicon(foreign, Counting()).vector(0).tolist() == [len("Pilzkunde, Mykologie")]


def test_the_shipped_lexicon_is_the_one_of_the_files(encoder: Encoder) -> None:
    class Silent(Counting):
        name = encoder.name

        def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.zeros((len(texts), encoder.dimension), np.float32)

    made, shipped = compile_lexicon(Silent()), Lexicon.shipped()
    assert msgspec.structs.replace(made, vectors=b"") == msgspec.structs.replace(shipped, vectors=b"")
    first = encoder.encode_offers([shipped.terms[0]])[0]
    vectors = np.frombuffer(shipped.vectors, np.float16).reshape(len(shipped.terms), -1)
    assert np.allclose(vectors[0].astype(np.float32), first, atol=2e-3)


def test_the_files_are_well_formed() -> None:
    for concept in read_concepts():
        assert all(term == term.strip() != "" for term in concept.terms), concept
        assert all(said == said.strip() != "" for said in concept.aliases), concept
        assert len(set(concept.aliases)) == len(concept.aliases), concept
