"""Words as the search compares them: lower case, German stems, without accents and without words that say nothing."""

from __future__ import annotations

import threading

import tantivy

__all__ = ["analyzer", "stems"]

_local = threading.local()


def analyzer() -> tantivy.TextAnalyzer:
    """Splits at everything that is no letter or digit."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.stopword("german"))
        .filter(tantivy.Filter.stemmer("german"))
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def stems(text: str) -> list[str]:
    """The stems of a text, each once, in order of appearance."""
    if not hasattr(_local, "analyzer"):
        _local.analyzer = analyzer()  # one for each thread: it keeps state while it reads
    return list(dict.fromkeys(_local.analyzer.analyze(text.replace("İ", "I"))))  # else it becomes two characters
