"""The pages: templates, style and picture, and how they are filled."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from catalogue.settings import Settings
from service.border import origin_in_words
from service.wording import (
    age_in_words,
    day_in_words,
    place_in_words,
    price_in_words,
    schedule_in_words,
    words,
)

__all__ = ["STATIC_FILES", "Pages", "script_safe", "web_address"]

_HERE = Path(__file__).parent
STATIC_FILES = {"style.css": "text/css; charset=utf-8", "logo.svg": "image/svg+xml"}


class Pages:
    """Fills the templates. Everything is escaped unless a template says otherwise.

    ``root`` is the path below which the catalogue is served, as its public address says.
    """

    def __init__(self, settings: Settings) -> None:
        self.root = urlsplit(settings.catalogue.base).path
        self.static = {name: (_HERE / name).read_bytes() for name in STATIC_FILES}
        self.versions = {name: sha256(data).hexdigest()[:12] for name, data in self.static.items()}
        self._environment = Environment(
            loader=FileSystemLoader(_HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            root=self.root,
            base=settings.catalogue.base,
            title=settings.catalogue.title,
            publisher=settings.catalogue.publisher,
            has_neighbours=bool(settings.neighbour),
            words=words(),
            versions=self.versions,
        )
        self._environment.filters.update(
            day=day_in_words,
            price=price_in_words,
            place=place_in_words,
            schedule=schedule_in_words,
            web_address=web_address,
            paragraphs=paragraphs,
            values_of=values_of,
            age=lambda ages: age_in_words(*ages),
            origin=origin_in_words,
        )
        sources = [
            settings.model_dump_json(),
            *(path.read_text(encoding="utf-8") for path in sorted(_HERE.iterdir()) if path.suffix in (".html", ".css")),
        ]
        self.fingerprint = sha256("".join(sources).encode()).hexdigest()[:12]
        """Changes with everything that a page's look depends on beside the catalogue's data."""

    def render(self, template: str, **values: Any) -> str:
        """The template ``{template}.html``, filled."""
        return self._environment.get_template(f"{template}.html").render(**values)


def web_address(address: str | None) -> str | None:
    """The address if a browser may be led there: http and https only."""
    if address is None:
        return None
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    return address.strip() if parts.scheme in ("http", "https") and parts.netloc else None


def paragraphs(text: str) -> list[str]:
    """The text's paragraphs."""
    return [part.strip() for part in text.split("\n") if part.strip()]


def values_of(schema: dict[str, Any]) -> str:
    """What a parameter may be, from its JSON Schema."""
    if "anyOf" in schema:
        return " or ".join(values_of(part) for part in schema["anyOf"] if part.get("type") != "null")
    if schema.get("type") == "array":
        return f"repeated: {values_of(schema['items'])}"
    if "enum" in schema:
        return ", ".join(schema["enum"])
    kind = str(schema.get("format") or schema.get("type") or "")
    bounds = [str(schema[name]) for name in ("minimum", "maximum") if name in schema]
    return f"{kind} ({' to '.join(bounds)})" if len(bounds) == 2 else kind


def script_safe(json_text: bytes) -> Markup:
    """JSON that may stand inside a script element: no ``<`` can end it or begin a comment."""
    escaped = json_text.decode("utf-8").replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704 - nothing that HTML gives a meaning is left
