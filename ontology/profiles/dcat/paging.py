"""Pages of the catalogue, in both ways in which the Hydra vocabulary has been used for it.

Older harvesters read ``hydra:PagedCollection`` with ``nextPage`` and so on as plain texts, newer ones ``hydra:PartialCollectionView`` with
``next`` as an IRI. A dataset is never split, and what it names of the catalogue is on its page.
"""

from __future__ import annotations

from math import ceil

import pyoxigraph as ox

from ontology.profiles.dcat.build import catalogue_statements
from ontology.profiles.dcat.model import Catalogue
from ontology.profiles.dcat.statements import prose, typed

__all__ = ["page_address", "page_count", "page_triples"]


def page_count(catalogue: Catalogue) -> int:
    """Number of pages; the first is there even without a dataset."""
    return max(1, ceil(len(catalogue.datasets) / prose().page_size))


def page_address(catalogue: Catalogue, number: int, suffix: str) -> str:
    """Absolute address of a page, counted from 1. It says which datasets there were, so that pages of two states are not mixed."""
    first = f"{catalogue.base}/katalog.{suffix}"
    return first if number == 1 else f"{first}?page={number}&stand={catalogue.order}"


def page_triples(catalogue: Catalogue, number: int, suffix: str) -> list[ox.Triple]:
    """A page; ``suffix`` is that of its form (``ttl``), which the pages that it links to have too."""
    size, last = prose().page_size, page_count(catalogue)
    made = catalogue_statements(catalogue, catalogue.datasets[(number - 1) * size : number * size])

    def address(page: int) -> str:
        return page_address(catalogue, page, suffix)

    following = address(number + 1) if number < last else None
    view, total = address(number), typed(str(len(catalogue.datasets)), "xsd:integer")
    made.say(f"{catalogue.base}/katalog", a="hydra:Collection", hydra_totalItems=total, hydra_view=view)
    made.say(
        view,
        a=("hydra:PagedCollection", "hydra:PartialCollectionView"),
        hydra_totalItems=total,
        hydra_itemsPerPage=typed(str(size), "xsd:integer"),
        hydra_first=address(1),
        hydra_last=address(last),
        hydra_next=following,
        hydra_firstPage=ox.Literal(address(1)),
        hydra_lastPage=ox.Literal(address(last)),
        hydra_nextPage=None if following is None else ox.Literal(following),
    )
    return made.sorted(catalogue.base)
