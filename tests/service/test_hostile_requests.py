"""Requests that are wrong, or right and meant to hurt: each gets a fitting answer, and afterwards nothing is lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.service.conftest import wait_for
from tests.service.hostile import Prober, Served, served

GROWTH = 30  # MB
ASK = "/sparql?query=ASK%20%7B%7D"
DUMP = "/dumps/katalog.nq.gz"
QUERY = b"Content-Type: application/sparql-query"
CHUNKED = b"Transfer-Encoding: chunked"
FORM = b"Content-Type: application/x-www-form-urlencoded"
CLOSED: None = None  # the connection ends without an answer


def get(target: str | bytes, *headers: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    path = target.encode() if isinstance(target, str) else target
    lines = [b"%s %s %s" % (method, path, version), b"Host: x", b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", b""])


def post(body: bytes, *headers: bytes, length: object = None) -> bytes:
    said = b"Content-Length: %s" % str(len(body) if length is None else length).encode()
    return get("/sparql", *headers, said, method=b"POST") + body


def chunked(body: bytes) -> bytes:
    return get("/sparql", QUERY, CHUNKED, method=b"POST") + body


def without_host(*headers: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"\r\n".join([b"GET %s %s" % (ASK.encode(), version), b"Connection: close", *headers, b"", b""])


REQUESTS: dict[str, tuple[bytes, set[int | None]]] = {
    # --- headers
    "a header of 40 kB": (get(ASK, b"X: " + b"a" * 40_000), {431}),
    "an Accept of 8 kB": (get(ASK, b"Accept: " + b"a/b;q=0.1," * 800), {406}),
    "an Accept of 200 kB": (get(ASK, b"Accept: " + b"a/b;q=0.1," * 20_000), {431}),
    "an Accept without sense": (get(ASK, b"Accept: text/csv;q=nan, */*;q=1e999, ;;;,,,=,text/;q"), {200}),
    "an Accept that is no ASCII": (get(ASK, b"Accept: \xff\xfe\xe4"), {200, 400, 406}),
    "a thousand headers": (get(ASK, *[b"X-%d: y" % number for number in range(1000)]), {200}),
    "ten thousand empty headers": (get(ASK, *[b"a:"] * 10_000), {200, 431}),
    "a folded header": (get(ASK, b"X: a\r\n b\r\n\tc"), {200, 400}),
    "a header without a colon": (get(ASK, b"nonsense"), {400}),
    "a header with a null": (get(ASK, b"X: a\0b"), {400}),
    "a header with a carriage return": (get(ASK, b"X: a\rb: c"), {400}),
    "a space before the colon": (get(ASK, b"Transfer-Encoding : chunked"), {400}),
    "no host": (without_host(), {400}),
    "no host in HTTP/1.0": (without_host(version=b"HTTP/1.0"), {200}),
    "two hosts": (get(ASK, b"Host: y"), {400}),
    "tags without an end": (get("/katalog.ttl", b"If-None-Match: " + b'W/"x' * 7000), {200}),
    "a date that is none": (get("/katalog.ttl", b"If-Modified-Since: Fri, 99 Foo 99999 99:99:99 +9999"), {200}),
    "a thousand addresses of a client": (get(ASK, b"X-Forwarded-For: " + b"1," * 1000), {200}),
    # --- bodies
    "a chunk of 2^64 bytes": (chunked(b"F" * 16 + b"\r\nASK {}"), {400, 408, 413}),
    "a chunk of more": (chunked(b"F" * 24 + b"\r\nASK {}"), {400}),
    "a chunk of less than nothing": (chunked(b"-5\r\nASK {}"), {400}),
    "chunks of one byte": (chunked(b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"), {400}),
    "a length and chunks": (
        get("/sparql", QUERY, CHUNKED, b"Content-Length: 6", method=b"POST") + b"6\r\nASK {}\r\n0\r\n\r\n",
        {400},
    ),
    "two lengths": (post(b"ASK {}", QUERY, b"Content-Length: 3"), {400}),
    "a length below 0": (post(b"ASK {}", QUERY, length=-6), {400}),
    "a length of thirty digits": (post(b"ASK {}", QUERY, length=10**30), {400, 413}),
    "a length with a plus": (post(b"ASK {}", QUERY, length="+6"), {400}),
    "a body that is shorter than said": (post(b"ASK {}", QUERY, length=100), {400, 408, CLOSED}),
    "a coding nobody knows": (get("/sparql", QUERY, b"Transfer-Encoding: gzip", method=b"POST") + b"ASK", {400, 501}),
    "Expect": (post(b"ASK {}", QUERY, b"Expect: 100-continue"), {100}),
    "HEAD with a body": (get(ASK, b"Content-Length: 6", method=b"HEAD") + b"ASK {}", {200}),
    "GET with a body": (get(ASK, b"Content-Length: 6") + b"ASK {}", {200}),
    "a form of nothing but ampersands": (post(b"&" * 900_000, FORM), {400}),
    "a form of percent signs": (post(b"query=" + b"%41" * 300_000, FORM), {400}),
    "a query in UTF-16": (post("ASK {}".encode("utf-16"), QUERY + b"; charset=utf-16"), {415}),
    "a query that is no UTF-8": (post(b"\xff\xfe\xc0\xaf", QUERY), {400}),
    # --- addresses
    "a thousand graphs": (get(f"{ASK}&{'&'.join(f'default-graph-uri=http://g/{i}' for i in range(990))}"), {200}),
    "more parameters than that": (get(f"{ASK}{'&named-graph-uri=http://g/' * 1001}"), {400}),
    "a graph whose name is no IRI": (get(f"{ASK}&default-graph-uri=%20x%3E"), {400}),
    "a query twice": (get(f"{ASK}&{urlencode({'query': 'ASK {}'})}"), {400}),
    "percent signs without a number": (get("/sparql?query=%zz%%%"), {400}),
    "an overlong slash": (get("/sparql?query=%c0%af"), {400}),
    "raw bytes": (get(b"/sparql?query=\xff\xfe"), {400}),
    "ten thousand questions": (get(f"/suche?{'&'.join(['q=a'] * 10_000)}"), {422}),
    "a page far away": (get(f"/suche?seite={'9' * 5000}"), {200}),
    "a page of courses far away": (get(f"/moochub?page={'9' * 5000}"), {422}),
    "a page of the catalogue far away": (get(f"/katalog.ttl?page={'9' * 5000}"), {422}),
    "an event far away": (get(f"/feed/ereignis/{'9' * 5000}"), {404}),
    "a site map far away": (get(f"/sitemap/angebote-{'9' * 5000}.xml"), {422}),
    "a radius that is no number": (get("/api/search?q=x&radius_km=nan"), {422}),
    "the last day of all": (get("/api/search?q=x&today=9999-12-31"), {200, 422}),
    "up and out": (get("/id/angebot/../../../../etc/passwd"), {404}),
    "up and out in percent signs": (get("/dumps/%2e%2e/katalog.toml"), {404}),
    "up and out with backslashes": (get("/dumps/..\\..\\katalog.toml"), {404}),
    "two slashes": (get("//evil.example/%2e%2e"), {404}),
    "a null": (get("/id/angebot/a%00b"), {404}),
    "the end of a line": (get("/id/angebot/a%0d%0aSet-Cookie:%20x=y", b"Accept: text/turtle"), {404}),
    "the end of an IRI": (get("/id/anbieter/a%3E%20%3Cb", b"Accept: text/turtle"), {404}),
    "half a letter": (get("/angebot/%ed%a0%80"), {404}),
    "a long id": (get(f"/id/angebot/{'a' * 60_000}"), {404}),
    "thirty thousand folders": (get("/ns/" + "a/" * 30_000), {404}),
    # --- parts of files
    "a range of 5000 digits": (get(DUMP, b"Range: bytes=" + b"9" * 5000 + b"-"), {400, 416}),
    "a range that goes back": (get(DUMP, b"Range: bytes=9-1"), {200, 400, 416}),
    "a thousand ranges over each other": (
        get(DUMP, b"Range: bytes=" + b",".join(b"%d-" % number for number in range(1000))),
        {200, 206, 416},
    ),
    "five thousand small ranges": (
        get(DUMP, b"Range: bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(0, 5000, 2))),
        {200, 206, 416},
    ),
    # --- methods and versions
    "OPTIONS *": (get("*", method=b"OPTIONS"), {200, 204, 400, 404}),
    "TRACE": (get("/sparql", method=b"TRACE"), {405}),
    "CONNECT": (get("example.org:443", method=b"CONNECT"), {400, 404, 405}),
    "a method of 50 kB": (get(ASK, method=b"A" * 50_000), {400, 405, 431}),
    "the address of a proxy": (get("http://evil.example/sparql?query=ASK%20%7B%7D"), {200, 404}),
    "HTTP/1.0": (get(ASK, version=b"HTTP/1.0"), {200}),
    "HTTP/9.9": (get(ASK, version=b"HTTP/9.9"), {400, 505}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", {400, 505}),
    "an upgrade": (get(ASK, b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"), {200}),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(range(190)), {400}),
    "nulls": (b"\0" * 100_000, {400}),
    "empty lines": (b"\r\n" * 200_000, {400, 408, 431, CLOSED}),
}


@pytest.fixture(scope="module")
def server(demo: Path) -> Iterator[Served]:
    with served(demo) as found:
        yield found


def connected(server: Served) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 80), timeout=40)


def answered(server: Served, request: bytes) -> bytes:
    """All that comes back."""
    answer = b""
    with closing(connected(server)) as connection:
        try:
            connection.sendall(request)
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionError:
            pass  # what was answered before counts
    return answer


def test_every_request_gets_a_fitting_answer(server: Served) -> None:
    assert len(REQUESTS) >= 40

    def wrong() -> dict[str, bytes]:
        told = {}
        with ThreadPoolExecutor(4) as pool:  # some wait until they are cut off
            answers = list(pool.map(lambda each: answered(server, each[0]), REQUESTS.values()))
        for (name, (_, allowed)), answer in zip(REQUESTS.items(), answers, strict=True):
            status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else CLOSED if not answer else 0
            if status not in allowed or b"Traceback" in answer or b"\nSet-Cookie" in answer:
                told[name] = answer[:200]
        return told

    assert wrong() == {}
    before = server.holding()  # now what is read once and kept is there
    with Prober(server) as prober:
        assert wrong() == {}
    assert prober.failures == []
    assert server.settled(before).megabytes < before.megabytes + GROWTH


def test_what_follows_a_body_is_a_request_of_its_own(server: Served) -> None:
    """Not a part of it, and the answers come in the order of the requests."""
    first = post(b"ASK {}", QUERY).replace(b"Connection: close\r\n", b"")
    answer = answered(server, first + get("/gesund"))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert 0 < answer.index(b"boolean") < answer.index(b"bereit")


def test_five_hundred_requests_in_one_piece(server: Served) -> None:
    one = get("/gesund").replace(b"Connection: close\r\n", b"")
    assert answered(server, one * 500 + get("/gesund")).count(b"HTTP/1.1 200 OK") == 501


def test_nobody_waits_for_those_who_do_not_read(server: Served) -> None:
    before = server.holding()
    # ten megabytes: more than the kernel keeps for a connection, and soon made, however busy the machine is
    tenfold = "".join(f"BIND(CONCAT({', '.join([f'?x{n}'] * 10)}) AS ?x{n + 1}) " for n in range(1, 7))
    query = quote(f'SELECT ?x7 {{ BIND("0123456789" AS ?x1) {tenfold}}}')
    with ExitStack() as lazy, Prober(server) as prober:
        for _ in range(4):
            connection = lazy.enter_context(
                closing(connected(server))
            )  # not before: it may be silent for 15 seconds only
            connection.sendall(get(f"/sparql?query={query}"))
            assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        # the server cuts them off, and nothing but the other's connection is left
        wait_for(lambda: server.holding().files <= before.files + 1, 60)
    assert prober.failures == []
    assert server.settled(before).megabytes < before.megabytes + 2 * GROWTH
