"""The unpacked model in sentence-transformers says what the default says; in a process of its own, whose imports warn."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.encoder import open_encoder
from search.encoder.embedded import EmbeddedEncoder

_TEXTS = [
    "Deutschkurs A1 für Anfänger, dienstags 18:30 Uhr in der Volkshochschule Alzey",
    "Курс німецької мови для початківців",
    "دورة اللغة الألمانية للمبتدئين",
    "Yeni başlayanlar için Almanca kursu",
    "German for beginners, in the evening",
    "Ku\u0308che\u200b &  Ga\u0308ste:\tﬁnden – ½ Preis ① ™ 45,00 €",
    "漢字 😀😀 𓀀𓀁 ไทย 한국어",
    "Der Kurs führt Schritt für Schritt in die Tabellenkalkulation ein. " * 60,
    "",
]
_PROGRAM = """
import json, sys
import numpy as np
from search.encoder import open_encoder
folder, out = sys.argv[1:]
texts = json.load(sys.stdin)
encoder = open_encoder(folder)
np.savez(out, questions=encoder.encode_questions(texts), offers=encoder.encode_offers(texts))
prompted = ["passage: " + text for text in texts]
tokens = encoder._model[0].sub_modules["document"][0].tokenizer(prompted, truncation=True)["input_ids"]
print(json.dumps({"name": encoder.name, "tokens": tokens}))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("model") / "e5"
    out = folder.parent / "vectors.npz"
    subprocess.run([sys.executable, "-m", "search.encoder.unpack", folder], check=True)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, folder, out],
        input=json.dumps(_TEXTS),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    shutil.rmtree(folder)  # a gigabyte
    with np.load(out) as vectors:
        return json.loads(done.stdout), dict(vectors)


def test_the_same_tokens(unpacked: tuple[dict, dict]) -> None:
    encoder = open_encoder()
    assert isinstance(encoder, EmbeddedEncoder)
    for text, expected in zip(_TEXTS, unpacked[0]["tokens"], strict=True):
        assert encoder.tokens(f"passage: {text}") == expected


def test_the_same_vectors(unpacked: tuple[dict, dict]) -> None:
    encoder = open_encoder()
    for kind, ours in (("questions", encoder.encode_questions(_TEXTS)), ("offers", encoder.encode_offers(_TEXTS))):
        theirs = unpacked[1][kind]
        assert np.abs(ours - theirs).max() < 1e-5, kind
        assert (ours * theirs).sum(axis=1).min() > 0.99999, kind


def test_the_name_carries_a_digest_of_the_weights(unpacked: tuple[dict, dict]) -> None:
    name, _, digest = unpacked[0]["name"].partition("@")
    assert name == "e5"
    assert len(digest) == 12


def test_a_model_that_does_not_exist_is_said(tmp_path: Path) -> None:
    program = """
import sys
from search.encoder import EncoderUnavailable, open_encoder
try:
    open_encoder(sys.argv[1])
except EncoderUnavailable as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.startswith(
        f"Es gibt weder einen Ordner noch ein erreichbares Modell von sentence-transformers namens {tmp_path}"
    )
