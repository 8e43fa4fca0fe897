"""How it stands with the neighbours: when each was last looked at, since when its state is as it is, and what the trouble is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from catalogue.ledger import Ledger
from catalogue.neighbours import read_checks
from catalogue.settings import Neighbour, Settings
from catalogue.snapshot import Snapshot
from ontology.iris import NEIGHBOUR

__all__ = ["NeighbourState", "neighbours_of", "neighbours_removed", "remarks_on"]


class NeighbourState(msgspec.Struct, frozen=True, kw_only=True):
    """One neighbour; times are ISO times, None where it never was. ``reached``: the last look at which all was well."""

    name: str
    title: str
    address: str
    way: str
    offers: int
    changed: str | None
    checked: str | None
    reached: str | None
    trouble: str | None
    remarks: Sequence[str]


def neighbours_of(folder: Path, settings: Settings, snapshot: Snapshot) -> list[NeighbourState]:
    """Every neighbour of the settings, in their order."""
    checks = read_checks(folder)
    found = []
    for neighbour in settings.neighbour:
        bookmark, check = snapshot.ledger.bookmark(neighbour.name), checks.get(neighbour.name)
        found.append(
            NeighbourState(
                name=neighbour.name,
                title=neighbour.title or neighbour.name,
                address=neighbour.address,
                way=_way(neighbour),
                offers=snapshot.ledger.count(NEIGHBOUR + neighbour.name),
                changed=bookmark.changed_at if bookmark else None,
                checked=check.at if check else None,
                reached=check.reached_at if check else None,
                trouble=check.trouble if check else None,
                remarks=remarks_on(neighbour),
            )
        )
    return found


def neighbours_removed(ledger: Ledger, settings: Settings) -> list[str]:
    """Names of those that were followed and that katalog.toml does not name any more."""
    known = {neighbour.name for neighbour in settings.neighbour}
    return [bookmark.name for bookmark in ledger.bookmarks() if bookmark.name not in known]


def _way(neighbour: Neighbour) -> str:
    return next(way for way in ("feed", "dump", "sitemap") if getattr(neighbour, way) is not None)


def remarks_on(neighbour: Neighbour) -> Sequence[str]:
    """What has to be known of how a neighbour is followed."""
    if neighbour.feed is not None:
        return ()
    what = "der Gesamtabzug" if neighbour.dump is not None else "die Seiten"
    sentence = (
        f"Dieser Nachbar wird ohne Feed verfolgt, gelesen wird {what}: "
        "Was dort gelöscht wird, verschwindet hier erst, wenn wieder alles vollständig gelesen wurde."
    )
    return (sentence,)
