"""The feed of changes: what neighbours follow (docs/adr/0007-federation.md).

It lies in the snapshot's folder ``feed``: ``feed.json`` says which pages there are, ``{name}.trig.gz`` is a full page, which never
changes and is shared between snapshots, ``neu.trig`` the newest. Pages are TriG made of N-Triples lines, one paragraph an event.
"""

from __future__ import annotations

from catalogue.feed.log import Feed, FeedState, Page, read_feed
from catalogue.feed.publish import publish
from catalogue.feed.root import root_page

__all__ = ["Feed", "FeedState", "Page", "publish", "read_feed", "root_page"]
