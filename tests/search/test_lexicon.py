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
from search.lexicon.nearest import pack
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
        beside={number: alias.beside for number, alias in enumerate(aliases) if alias.beside is not None},
        concepts=[list(alias.concepts) for alias in aliases],
        weights=[alias.weight for alias in aliases],
        foreign=frozenset(number for number, alias in enumerate(aliases) if alias.foreign),
        by_stem={
            stem: [n for n, alias in enumerate(aliases) if alias.stems[0] == stem]
            for stem in {a.stems[0] for a in aliases}
        },
        stems=sorted({stem for alias in aliases for stem in alias.stems}),
        model="counting",
        vectors=pack(np.array([[0.5]] * len(concepts), np.float16)),
        sayings=pack(np.array([[0.5 + 0.1 * number] for number in range(len(concepts))], np.float16)),
        said_of=list(range(len(concepts))),
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


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("bin ständig unter Strom", ["Stressbewältigung"]),  # and electricity hardly
        ("Strom sparen", ["Energieberatung"]),
        ("ich will mich wehren können", ["Selbstverteidigung"]),
        ("uns wehren", ["Selbstverteidigung"]),  # who it is does not matter
        ("Feuerwehr", []),  # a part of another word is not the saying
    ],
)
def test_a_saying_of_one_telling_word_is_no_saying_without_the_others(text: str, terms: list[str]) -> None:
    lexicon = Lexicon(
        compiled(
            ("Stressbewältigung", "unter Strom"),
            ("Energieberatung", "Strom"),
            ("Selbstverteidigung", "mich wehren können"),
        ),
        Counting(),
    )
    assert found(lexicon, text)[:1] == terms


def test_what_a_question_sounds_like_needs_no_word_of_it() -> None:
    lexicon = Lexicon(SMALL, Counting())
    one = np.ones(1, np.float32)
    assert [lexicon.terms[number] for number, _ in lexicon.sounding(one)] == [
        "Streicher, Violine",
        "Schuldnerberatung",
        "Gebäudereinigung",
    ]
    assert [similarity for _, similarity in lexicon.sounding(one)] == pytest.approx([0.8, 0.7, 0.6], abs=1e-3)
    other = Counting()
    other.name = "another"
    assert Lexicon(SMALL, other).sounding(one) == []  # its vectors lie elsewhere


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

        encode_questions = encode_offers

    made, shipped = compile_lexicon(Silent()), Lexicon.shipped()
    bare = {"vectors": SMALL.vectors, "sayings": SMALL.sayings}
    assert msgspec.structs.replace(made, **bare) == msgspec.structs.replace(shipped, **bare)
    assert (made.vectors.height, made.sayings.height) == (shipped.vectors.height, shipped.sayings.height)
    first = encoder.encode_offers([shipped.terms[0]])[0]
    vectors = shipped.vectors.array()
    assert np.allclose(vectors[0].astype(np.float32), first, atol=2e-3)
    # what people say for a concept lies near its means
    concept = read_concepts()[0]
    said = encoder.encode_questions([*concept.terms, *concept.aliases])
    sayings = shipped.sayings.array()
    means = sayings[np.array(shipped.said_of) == 0].astype(np.float32)
    assert len(means) == 4
    assert (said @ means.T).max(1).mean() > 0.6
    assert (said @ sayings[-4:].astype(np.float32).T).max(1).mean() < 0.3  # and far from another's


def test_the_files_are_well_formed() -> None:
    for concept in read_concepts():
        assert all(term == term.strip() != "" for term in concept.terms), concept
        assert all(said == said.strip() != "" for said in concept.aliases), concept
        assert len(set(concept.aliases)) == len(concept.aliases), concept


def test_words_in_other_letters_are_known_by_what_they_begin_with() -> None:
    lexicon = Lexicon(
        compiled(
            ("Buchführung", "бухгалт | محاسبة"),
            ("Französisch", "французьк | فرنسية"),
            ("Spanisch", "ispanyolca"),
        ),
        Counting(),
    )
    assert found(lexicon, "курсы бухгалтеров") == ["Buchführung"]
    assert found(lexicon, "хочу вивчати французьку мову") == ["Französisch"]
    assert found(lexicon, "اللغة الفرنسية") == ["Französisch"]  # with the article
    assert found(lexicon, "دورة للمحاسبة") == ["Buchführung"]
    assert found(lexicon, "İspanyolca kursu") == ["Spanisch"]  # a capital with a dot
    assert not found(lexicon, "бух")


def test_the_nearest_concepts_are_those_of_comparing_all() -> None:
    shipped = Lexicon.shipped()
    encoder = Counting()
    encoder.name = shipped.model
    lexicon = Lexicon(shipped, encoder)
    vectors = shipped.vectors.array().astype(np.float32)
    assert shipped.vectors.codes  # else all are compared
    draw = np.random.default_rng(4)
    questions = vectors[draw.integers(0, len(vectors), 50)] + 0.03 * draw.standard_normal((50, vectors.shape[1]))
    for question in (questions / np.linalg.norm(questions, axis=1, keepdims=True)).astype(np.float32):
        similarities = vectors @ question
        order = np.argsort(-similarities)[:10].tolist()
        assert lexicon.nearest(question) == order[0]
        assert lexicon.near(question, 0.4)[:10] == [number for number in order if similarities[number] > 0.4]
