"""Opens a catalogue for answering questions: what is expensive is made once, what belongs to a snapshot anew for each."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from catalogue.settings import Settings, read_settings
from catalogue.snapshot import Snapshot
from ontology.concepts import Schemes, load_schemes
from ontology.gazetteer import Gazetteer
from search.concepts import ConceptFinder
from search.encoder import Encoder, open_encoder
from search.encoder.together import QuestionEncoder
from search.engine import SearchEngine
from search.lexicon import Lexicon
from search.question import QuestionReader

__all__ = ["Opener"]


class Opener:
    """Makes search engines over the snapshots of one catalogue. Raises SettingsRefused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: Settings = read_settings(folder)

    @cached_property
    def encoder(self) -> Encoder:
        """The model of the settings. Raises EncoderUnavailable."""
        return open_encoder(self.settings.search.model)

    @cached_property
    def questions(self) -> QuestionEncoder:
        """The same for questions, which it remembers whatever becomes of the offers. Raises EncoderUnavailable."""
        return QuestionEncoder(self.encoder)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The municipalities."""
        return Gazetteer.load()

    @cached_property
    def schemes(self) -> Schemes:
        """The concept schemes."""
        return load_schemes()

    @cached_property
    def concepts(self) -> ConceptFinder:
        """Finds the concepts that a question names."""
        return ConceptFinder(self.schemes)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The lexicon of everyday words, for vectors of the encoder. Raises EncoderUnavailable."""
        return Lexicon(Lexicon.shipped(), self.encoder)

    @cached_property
    def reader(self) -> QuestionReader:
        """Understands questions; near the catalogue's district first."""
        district = self.settings.catalogue.district
        found = self.gazetteer.district(district) if district else None
        home = (found.latitude, found.longitude) if found else None
        return QuestionReader(self.gazetteer, home=home, district=district)

    def engine(self, snapshot: Snapshot) -> SearchEngine:
        """The search over a snapshot. Raises IndexOutdated."""
        return SearchEngine(
            snapshot, self.questions, self.reader, self.gazetteer, self.schemes, self.concepts, self.lexicon
        )
