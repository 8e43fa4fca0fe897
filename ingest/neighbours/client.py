"""Fetches from one neighbour over HTTP, trusting nothing: one host, one connection, bounded in bytes, time and number.

A neighbour may be broken or hostile: pages without end, a page of 10 GB, a gzip bomb, one byte a second, a redirect into our own network.
Everything is refused with a sentence that `status` shows.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from ipaddress import ip_address
from types import TracebackType
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from catalogue.errors import CatalogueError
from ingest.neighbours.patience import seconds_of

__all__ = ["Fetched", "Limits", "NeighbourBusy", "NeighbourClient", "NeighbourRefused", "NeighbourTrouble", "origin_of"]

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_LONGEST = 3600.0  # seconds for a dump
_MEDIA_TYPE = 255  # characters, more than any has (RFC 6838, section 4.2)
_LONGEST_ADDRESS = 2000  # characters, and so long are names at most
_MOST_PORTS = 65_535
_LONGEST_TAG = 1000  # characters; it is kept, and sent back
_AGENT = "Bildungskatalog (Abgleich mit Nachbarkatalogen)"


class NeighbourTrouble(CatalogueError):
    """Why a neighbour cannot be followed further. ``retry_after``: seconds for which it asked; None where it did not."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NeighbourRefused(NeighbourTrouble):
    """What the neighbour sent, or where it led, is not acceptable; trying again at once will not help."""


class NeighbourBusy(NeighbourTrouble):
    """The neighbour does not answer now, or asks for patience."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one visit may cost. ``page_bytes`` counts what is unpacked; times are seconds, ``visit_seconds`` those of all requests together:
    other neighbours are waiting.
    """

    page_bytes: int = 50_000_000
    page_seconds: float = 60.0
    answer_seconds: float = 15.0  # without a single byte
    visit_seconds: float = 7200.0
    pages: int = 60_000
    pause: float = 0.05  # between two requests
    patience: float = 30.0  # a Retry-After up to this is waited for, a longer one ends the visit


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``body`` is empty where ``unchanged``; ``media`` is the bare media type, ``etag`` for the next conditional request."""

    url: str
    media: str
    body: bytes
    etag: str | None
    immutable: bool
    unchanged: bool = False


class NeighbourClient:
    """A context manager. ``address`` is the configured one: only its origin is ever spoken to."""

    def __init__(self, address: str, limits: Limits | None = None, wait: Callable[[float], None] = time.sleep) -> None:
        self._origin = origin_of(address)
        self._is_name = _is_name(urlsplit(address).hostname or "")
        self._limits = limits or Limits()
        self._wait = wait
        self._pages = 0
        self._last = 0.0
        self._spent = 0.0
        self._socket: socket.socket | None = None
        self.bytes_received = 0
        self._http = httpx.Client(
            follow_redirects=False,
            trust_env=False,  # no proxy, no .netrc: only what katalog.toml says
            timeout=self._limits.answer_seconds,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip"},
        )

    def __enter__(self) -> NeighbourClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, url: str, accept: str, etag: str | None = None) -> Fetched:
        """The body behind ``url``. Raises NeighbourRefused, NeighbourBusy."""
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_origin(url)
            headers = {"Accept": accept, **({"If-None-Match": etag} if etag else {})}
            answer = self._once(url, headers)
            if isinstance(answer, Fetched):
                return answer
            url = answer
        raise NeighbourRefused(f"{url} leitet immer weiter um.")

    def leads_to(self, url: str, accept: str, places: Collection[str]) -> bool:
        """Whether ``url`` redirects to one of the places; no body is read. Raises NeighbourRefused, NeighbourBusy."""
        for _ in range(_MOST_REDIRECTS):
            self._check_origin(url)
            with self._sending(url, {"Accept": accept}, self._limits.page_seconds) as answer:
                if answer.status_code not in _REDIRECTS:
                    self._check_status(url, answer)
                    return False
                url = _led_to(url, answer)
            if url in places:
                return True
        return False

    def download(self, url: str, accept: str, target: BinaryIO, most: int, etag: str | None = None) -> Fetched:
        """Writes the body as it is on the wire, at most ``most`` bytes, to ``target``. Raises NeighbourRefused, NeighbourBusy."""
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_origin(url)
            headers = {"Accept": accept, "Accept-Encoding": "identity", **({"If-None-Match": etag} if etag else {})}
            with self._sending(url, headers, _LONGEST) as answer:
                if answer.status_code not in _REDIRECTS:
                    return self._page(url, answer, answer.iter_raw(), most, _LONGEST, target.write)
                url = _led_to(url, answer)
        raise NeighbourRefused(f"{url} leitet immer weiter um.")

    def _once(self, url: str, headers: dict[str, str]) -> Fetched | str:
        """One request; the address of a redirect."""
        with self._sending(url, headers, self._limits.page_seconds) as answer:
            if answer.status_code in _REDIRECTS:
                return _led_to(url, answer)
            if answer.headers.get("content-encoding", "identity").strip().lower() not in ("identity", "gzip"):
                raise NeighbourRefused(f"{url} ist auf eine Weise gepackt, um die nicht gebeten war.")
            body: list[bytes] = []
            limits = self._limits
            page = self._page(
                url, answer, answer.iter_bytes(65536), limits.page_bytes, limits.page_seconds, body.append
            )
            return msgspec.structs.replace(page, body=b"".join(body))

    def _page(
        self,
        url: str,
        answer: httpx.Response,
        pieces: Iterator[bytes],
        most: int,
        seconds: float,
        keep: Callable[[bytes], object],
    ) -> Fetched:
        # to who has nothing that is no answer, and taken for one it would mean that there is nothing
        unchanged = answer.status_code == httpx.codes.NOT_MODIFIED and "if-none-match" in answer.request.headers
        if not unchanged:
            self._check_status(url, answer)
            for piece in self._pieces(url, pieces, most, time.monotonic() + seconds):
                keep(piece)
        return Fetched(
            url=url,
            media=answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:_MEDIA_TYPE],
            body=b"",
            etag=_tag(answer),
            immutable="immutable" in answer.headers.get("cache-control", ""),
            unchanged=unchanged,
        )

    @contextlib.contextmanager
    def _sending(self, url: str, headers: dict[str, str], seconds: float) -> Iterator[httpx.Response]:
        self._pages += 1
        if self._pages > self._limits.pages:
            raise NeighbourRefused(f"Mehr als {self._limits.pages} Seiten: Das hört nicht auf.")
        if self._spent > self._limits.visit_seconds:
            raise NeighbourBusy(f"{url} ist erst beim nächsten Besuch an der Reihe: Dieser hat zu lange gedauert.")
        for last_try in (False, True):
            self._wait(max(0.0, self._last + self._limits.pause - time.monotonic()))
            # httpx limits the time of each read, so that a head of one byte a second would never end
            guard = threading.Timer(seconds, self._cut)
            guard.start()
            begin = time.monotonic()
            try:
                with self._http.stream("GET", url, headers=headers, extensions={"trace": self._trace}) as answer:
                    patience = seconds_of(answer.headers.get("retry-after", ""))
                    if answer.status_code not in (429, 503):
                        yield answer
                        if guard.finished.is_set():  # where no length is given, what was cut off looks whole
                            raise NeighbourRefused(f"{url} kommt zu langsam.")
                        return
                    if last_try or patience is None or patience > self._limits.patience:
                        raise NeighbourBusy(f"{url} bittet um Geduld ({answer.status_code}).", patience)
            except httpx.TimeoutException:
                raise NeighbourBusy(f"{url} antwortet nicht rechtzeitig.") from None
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                raise NeighbourBusy(f"{url} ist nicht erreichbar: {type(error).__name__}.") from None
            finally:
                guard.cancel()
                self._last = time.monotonic()
                self._spent += self._last - begin
            self._wait(patience)

    def _trace(self, event: str, found: dict[str, Any]) -> None:
        """Remembers the socket of the connection (httpx, request extensions). Raises NeighbourRefused before anything is sent."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream = found["return_value"]
            self._socket = stream.get_extra_info("socket")
            there = ip_address(stream.get_extra_info("server_addr")[0].partition("%")[0])
            there = getattr(there, "ipv4_mapped", None) or there  # ::ffff:127.0.0.1 counts as no loopback
            if self._is_name and (there.is_loopback or there.is_link_local or there.is_unspecified):
                stream.close()
                raise NeighbourRefused(f"{self._origin} führt auf diesen Rechner selbst ({there}).")

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _pieces(self, url: str, pieces: Iterator[bytes], most: int, deadline: float) -> Iterator[bytes]:
        received = 0
        for piece in pieces:
            received += len(piece)
            self.bytes_received += len(piece)
            if received > most:
                raise NeighbourRefused(f"{url} ist größer als {most // 1_000_000} MB.")
            if time.monotonic() > deadline:
                raise NeighbourRefused(f"{url} kommt zu langsam.")
            yield piece

    def _check_origin(self, url: str) -> None:
        if origin_of(url) != self._origin:
            raise NeighbourRefused(
                f"Der Nachbar verweist auf eine fremde Adresse ({url[:200]}); gefolgt wird nur {self._origin}."
            )

    @staticmethod
    def _check_status(url: str, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.OK:
            return
        sentence = f"{url} antwortet mit {answer.status_code}."
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise NeighbourBusy(sentence)
        raise NeighbourRefused(sentence)


def origin_of(url: str) -> str:
    """Scheme, host and port of a web address (RFC 6454), the port always written. Raises NeighbourRefused for anything else."""
    try:
        parts = httpx.URL(url)  # as it is then spoken to; who reads addresses otherwise may mean another host
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (httpx.InvalidURL, KeyError):
        raise NeighbourRefused(f"„{url[:200]}“ ist keine Webadresse.") from None
    host = parts.raw_host.decode().rstrip(".")
    if not host or parts.userinfo or len(url) > _LONGEST_ADDRESS or port > _MOST_PORTS:
        raise NeighbourRefused(f"„{url[:200]}“ ist keine Webadresse.")
    return f"{parts.scheme}://{host}:{port}"


def _led_to(url: str, answer: httpx.Response) -> str:
    """Where a redirect leads. Raises NeighbourRefused."""
    said = str(answer.headers.get("location", ""))
    try:
        return urljoin(url, said)
    except ValueError:
        raise NeighbourRefused(f"{url} leitet um auf „{said[:200]}“; das ist keine Webadresse.") from None


def _tag(answer: httpx.Response) -> str | None:
    """The ETag, if it can be sent back: httpx sends no other letters in heads."""
    tag = answer.headers.get("etag", "")
    return tag if tag.isascii() and 0 < len(tag) <= _LONGEST_TAG else None


def _is_name(host: str) -> bool:
    """Whether somebody else decides where a host is: it is neither an address nor this machine, as katalog.toml may well say."""
    try:
        ip_address(host)
    except ValueError:
        return host != "localhost"
    return False
