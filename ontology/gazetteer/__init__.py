"""German municipalities: their keys, places, postal codes and the names that people use for them.

    gazetteer = Gazetteer.load()
    gazetteer.find("Frankfurt")[0].name          # Frankfurt am Main
    gazetteer.by_postal_code("55232")[0].ags     # 07331003

Sources, licences and known holes: README.md beside this file.
"""

from __future__ import annotations

from ontology.gazetteer.folding import fold, short_name
from ontology.gazetteer.gazetteer import District, Gazetteer, Municipality, distance_km

__all__ = ["District", "Gazetteer", "Municipality", "distance_km", "fold", "short_name"]
