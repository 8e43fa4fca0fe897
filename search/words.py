"""The words of the offers: a tantivy index with German stemming."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from ontology.offer import Offer
from search.texts import body_words, title_words

__all__ = ["WordHits", "WordIndex", "write_words"]

_TITLE_BOOST = 3.0
_RARE = 50  # where one row in so many is allowed, the filter is a set of terms; else hits are sifted, ten times as fast
_ANALYZER = "german"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", indexed=True, fast=True)
    builder.add_text_field("title", tokenizer_name=_ANALYZER)
    builder.add_text_field("body", tokenizer_name=_ANALYZER)
    return builder.build()


def _analyzer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.stopword("german"))
        .filter(tantivy.Filter.stemmer("german"))
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def _open(folder: Path) -> tantivy.Index:
    folder.mkdir(exist_ok=True)
    index = tantivy.Index(_schema(), path=str(folder))
    index.register_tokenizer(_ANALYZER, _analyzer())
    return index


def write_words(folder: Path, offers: Iterable[tuple[int, Offer]], outdated_rows: Iterable[int]) -> None:
    """Forgets the words of ``outdated_rows``, then adds those of ``offers``: changed rows stand in both."""
    index = _open(folder)
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    # by query: a deletion by term silently misses unsigned fields
    outdated = tantivy.Query.term_set_query(_schema(), "row", list(outdated_rows))
    writer.delete_documents_by_query(outdated)
    for row, offer in offers:
        document = tantivy.Document()
        document.add_unsigned("row", row)
        document.add_text("title", title_words(offer))
        document.add_text("body", body_words(offer))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


class WordHits:
    """Rows (int64) with their BM25 scores (float32), best first."""

    def __init__(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        self.rows = rows
        self.scores = scores


class WordIndex:
    """Read-only view of a snapshot's words."""

    def __init__(self, folder: Path) -> None:
        self._index = _open(folder)
        self._schema = _schema()
        self._analyzer = _analyzer()
        self._searcher = self._index.searcher()

    def terms(self, text: str) -> list[str]:
        """The stems of a text that are looked for, each once, in order of appearance."""
        return list(dict.fromkeys(self._analyzer.analyze(text)))

    def search(self, text: str, count: int, allowed: NDArray[np.bool_] | None = None) -> WordHits:
        """The best ``count`` rows among the allowed ones (a mask over rows, None for all).

        The filter is applied inside: rows that are not allowed take no place away from those that are.
        """
        terms = self.terms(text)
        if not terms or count < 1:
            return WordHits(np.empty(0, np.int64), np.empty(0, np.float32))
        query = self._query(terms)
        if allowed is None:
            return self._hits(query, count)
        rows = np.flatnonzero(allowed)
        if rows.size * _RARE < allowed.size:
            sieve = tantivy.Query.const_score_query(
                tantivy.Query.term_set_query(self._schema, "row", rows.tolist()), 0.0
            )
            both = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, sieve)])
            return self._hits(both, count)
        wanted = count
        while True:
            hits = self._hits(query, wanted)
            keep = allowed[hits.rows]
            if keep.sum() >= count or hits.rows.size < wanted:
                return WordHits(hits.rows[keep][:count], hits.scores[keep][:count])
            wanted *= 4

    def _query(self, terms: list[str]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, self._term(term)) for term in terms])

    def _term(self, term: str) -> tantivy.Query:
        """A term counts where it says most; in several fields it counts only a little more."""
        title = tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, "title", term), _TITLE_BOOST)
        return tantivy.Query.disjunction_max_query([title, tantivy.Query.term_query(self._schema, "body", term)], 0.1)

    def _hits(self, query: tantivy.Query, count: int) -> WordHits:
        found = self._searcher.search(query, limit=count, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in found])
        scores = np.array([score for score, _ in found], np.float32)
        rows_array = np.array(rows, np.int64)
        order = np.lexsort((rows_array, -scores))  # equal scores: the order is that of the rows, in every process
        return WordHits(rows_array[order], scores[order])

    def full_marks(self, text: str) -> float:
        """About the score of an offer with all the text's words in its title: what `search` scores are measured against."""
        return sum(_TITLE_BOOST * self._rarity(term) for term in self.terms(text))

    def _rarity(self, term: str) -> float:
        """BM25's inverse document frequency of a stem in titles."""
        total, having = self._searcher.num_docs, self._searcher.doc_freq("title", term)
        return float(np.log(1 + (total - having + 0.5) / (having + 0.5)))
