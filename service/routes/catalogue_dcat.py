"""The catalogue's description for open-data portals (DCAT-AP.de), page by page, and its datasets and services one by one."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from ontology.licences import is_open, licence_name
from ontology.profiles.dcat import (
    Catalogue,
    Dataset,
    dataset_triples,
    format_label,
    licence_of,
    page_address,
    page_count,
    page_triples,
    prefixes,
    service_names,
    service_triples,
    services_of,
)
from service.answers import Asked, chosen, document, link
from service.dcat import Describer
from service.negotiation import DATA_FORMS, HTML, JSON, DataForm, form_of_media, split_suffix
from service.problems import BadParameter, NotFound, ServiceProblem, Unavailable
from service.state import service_of
from service.wording import size_in_words

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_METHODS = ["GET", "HEAD"]
_RETRY_AFTER = 30  # seconds; dumps of a large catalogue take about that long


@router.api_route("/katalog", methods=_METHODS)
async def catalogue_page(request: Request, page: str = "1", stand: str | None = None) -> Response:
    """The catalogue: a page for people with all of it, or one page of the data."""
    catalogue = await _catalogue(request)
    form = _wanted(request, f"{catalogue.base}/katalog")
    if form is None:
        return _html(request, catalogue)
    return await _data_page(request, catalogue, form, page, stand)


@router.api_route("/katalog.{suffix}", methods=_METHODS)
async def catalogue_data(request: Request, suffix: str, page: str = "1", stand: str | None = None) -> Response:
    """One page of the data in the form with this suffix."""
    form = split_suffix(f"katalog.{suffix}")[1]
    if form is None:
        raise NotFound(f"There is no form “{suffix}”; there are: {', '.join(form.suffix for form in DATA_FORMS)}.")
    return await _data_page(request, await _catalogue(request), form, page, stand)


@router.api_route("/katalog/{path:path}", methods=_METHODS)
async def thing(request: Request, path: str) -> Response:
    """A dataset or a service alone; people are sent to its place on the page."""
    catalogue = await _catalogue(request)
    stem, form = split_suffix(path)
    if not _is_there(catalogue, stem):
        raise NotFound(f"There is no “{stem}” in the catalogue.")
    address = f"{catalogue.base}/katalog/{stem}"
    form = form or _wanted(request, address)
    if form is None:
        place = f"{catalogue.base}/katalog#{stem.replace('/', '-')}"
        return Response(status_code=303, headers={"Location": place, "Vary": "Accept", "Cache-Control": "no-cache"})
    headers = {"Link": link(f"{catalogue.base}/katalog", "collection")}
    return await _data(request, catalogue, (stem,), lambda: _about(catalogue, stem), form, headers)


def _is_there(catalogue: Catalogue, path: str) -> bool:
    return path in (dataset.path.removeprefix("/katalog/") for dataset in catalogue.datasets) or path in (
        f"dienst/{name}" for name in service_names()
    )


def _about(catalogue: Catalogue, path: str) -> list[ox.Triple]:
    dataset = next((dataset for dataset in catalogue.datasets if dataset.path == f"/katalog/{path}"), None)
    if dataset is None:
        return service_triples(catalogue, path.removeprefix("dienst/"))
    return dataset_triples(catalogue, dataset)


async def _catalogue(request: Request) -> Catalogue:
    found = await asyncio.to_thread(_describer(request).read)
    if found is None:
        raise Unavailable(
            "Die Dateien zum Herunterladen werden gerade erstellt; danach steht hier der Katalog.", _RETRY_AFTER
        )
    return found


def _describer(request: Request) -> Describer:
    return cast("Describer", request.app.state.describer)


def _wanted(request: Request, address: str) -> DataForm | None:
    """The form that is asked for; None for the page. Raises NotAcceptable."""
    offered = {HTML: address} | {form.media: f"{address}.{form.suffix}" for form in DATA_FORMS}
    media = chosen(Asked.of(request.headers), offered | {JSON: f"{address}.jsonld"})
    return form_of_media(media)


async def _data_page(request: Request, catalogue: Catalogue, form: DataForm, page: str, stand: str | None) -> Response:
    last = page_count(catalogue)
    if not re.fullmatch(r"[1-9]\d{0,6}", page):
        raise BadParameter("page", "expected the number of a page, from 1")
    number = int(page)
    if stand not in (None, catalogue.order):  # whoever went on would take what moved for deleted
        raise _Changed(f"Other datasets than when you began: begin anew at {page_address(catalogue, 1, form.suffix)}")
    if number > last:
        raise NotFound(f"There is no page {number}; the last one is {last}.")
    links = [("first", 1), ("last", last), *([("next", number + 1)] if number < last else [])]
    header = ", ".join(link(page_address(catalogue, at, form.suffix), name) for name, at in links)
    key = ("", str(number))
    return await _data(
        request, catalogue, key, lambda: page_triples(catalogue, number, form.suffix), form, {"Link": header}
    )


class _Changed(ServiceProblem):
    """The page belongs to a list of datasets that is no more."""

    status = HTTPStatus.GONE


async def _data(
    request: Request,
    catalogue: Catalogue,
    key: tuple[str, ...],
    triples: Callable[[], list[ox.Triple]],
    form: DataForm,
    headers: dict[str, str],
) -> Response:
    def write() -> bytes:
        written: Any = ox.serialize(triples(), format=form.rdf_format, prefixes=prefixes())
        return bytes(written)

    body = await asyncio.to_thread(_describer(request).written, catalogue, (*key, form.suffix), write)
    return _answer(request, catalogue, body, form.content_type, headers)


def _answer(
    request: Request, catalogue: Catalogue, body: bytes, content_type: str, more: dict[str, str] | None = None
) -> Response:
    modified = _describer(request).changed_at(catalogue)
    answer = document(body, content_type, Asked.of(request.headers), {"Vary": "Accept", **(more or {})}, modified)
    return Response(answer.body, answer.status, answer.headers)


def _html(request: Request, catalogue: Catalogue) -> Response:
    service = service_of(request)
    html = service.pages.render(
        "katalog",
        catalogue=catalogue,
        datasets=[_dataset_view(catalogue, dataset) for dataset in catalogue.datasets],
        services=services_of(catalogue),
        forms=DATA_FORMS,
        contact=catalogue.contact or f"{catalogue.base}/",
    )
    return _answer(request, catalogue, html.encode(), "text/html; charset=utf-8")


def _dataset_view(catalogue: Catalogue, dataset: Dataset) -> dict[str, object]:
    licence = licence_of(catalogue, dataset)
    return {
        "anchor": dataset.anchor,
        "path": dataset.path,
        "title": dataset.title if dataset.source else "Alle Angebote",
        "publisher": dataset.publisher or catalogue.publisher,
        "offers": dataset.offers,
        "modified": dt.datetime.fromisoformat(dataset.modified).date(),
        "licence": licence if is_open(licence) else None,
        "licence_name": licence_name(licence),
        "files": [(format_label(file.media_type), file.address, size_in_words(file.bytes)) for file in dataset.files],
    }
