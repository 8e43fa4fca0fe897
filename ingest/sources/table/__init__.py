"""Tables: CSV in any German dialect and XLSX, with a mapping in TOML or by their well-known headings."""

from ingest.sources.table.mapping import Mapping, MappingRefused, load_mapping
from ingest.sources.table.reader import read

__all__ = ["Mapping", "MappingRefused", "load_mapping", "read"]
