from __future__ import annotations

import gzip
import socket
import time

import pytest

from ingest.neighbours.client import Limits, NeighbourBusy, NeighbourClient, NeighbourRefused, origin_of
from tests.ingest.neighbours.servers import Request, answer, serving

QUICK = Limits(page_bytes=1_000_000, page_seconds=1.0, answer_seconds=0.6, pages=5, pause=0.0, patience=2.0)


def fetch(origin: str, path: str = "/", limits: Limits = QUICK) -> bytes:
    with NeighbourClient(origin, limits) as client:
        return client.get(origin + path, "*/*").body


def test_a_page_with_its_type_and_tag() -> None:
    def behave(request: Request, connection: socket.socket) -> None:
        if request.headers.get("if-none-match") == '"7"':
            connection.sendall(answer(status="304 Not Modified", ETag='"7"'))
        else:
            body = gzip.compress(b"hello")
            connection.sendall(
                answer(
                    body,
                    Content_Type="application/trig; a=b",
                    Content_Encoding="gzip",
                    ETag='"7"',
                    Cache_Control="immutable",
                )
            )

    with serving(behave) as origin, NeighbourClient(origin, QUICK) as client:
        page = client.get(origin + "/feed", "application/trig")
        assert (page.body, page.media, page.etag, page.immutable) == (b"hello", "application/trig", '"7"', True)
        assert client.get(origin + "/feed", "application/trig", '"7"').unchanged


def test_a_page_without_end_is_left() -> None:
    def behave(_: Request, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serving(behave) as origin, pytest.raises(NeighbourRefused, match="größer als 1 MB"):
        fetch(origin)


def test_a_bomb_is_left_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    with (
        serving(lambda _, connection: connection.sendall(answer(bomb, Content_Encoding="gzip"))) as origin,
        pytest.raises(NeighbourRefused, match=r"größer als|zu langsam"),  # whichever limit is met first
    ):
        fetch(origin, limits=Limits(page_bytes=1_000_000))  # unpacking the first piece takes a busy machine a second


def test_a_bomb_inside_a_bomb_is_not_even_begun() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 50_000_000))
    with (
        serving(lambda _, connection: connection.sendall(answer(bomb, Content_Encoding="gzip, gzip"))) as origin,
        pytest.raises(NeighbourRefused, match="gepackt"),
    ):
        fetch(origin)


@pytest.mark.parametrize("before", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["head", "body"])
def test_one_byte_after_the_other_ends_in_time(before: bytes) -> None:
    def behave(_: Request, connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    begun = time.monotonic()
    with serving(behave) as origin, pytest.raises((NeighbourRefused, NeighbourBusy)):
        fetch(origin)
    assert time.monotonic() - begun < 4


def test_silence_ends_in_time() -> None:
    with (
        serving(lambda *_: time.sleep(1)) as origin,
        pytest.raises(NeighbourBusy, match="nicht rechtzeitig"),
    ):
        fetch(origin)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NeighbourBusy, match="nicht erreichbar"):
        fetch(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://127.0.0.1:1/",
        "http://localhost:{port}/",
        "http://169.254.169.254/latest/",
        "//[::1]/",
        "file:///etc/passwd",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://user@127.0.0.1:{port}/",
    ],
)
def test_no_redirect_leads_to_another_host(elsewhere: str) -> None:
    asked: list[str] = []

    def behave(request: Request, connection: socket.socket) -> None:
        asked.append(request.path)
        port = str(connection.getsockname()[1])
        connection.sendall(answer(status="302 Found", Location=elsewhere.replace("{port}", port)))

    with serving(behave) as origin, pytest.raises(NeighbourRefused, match=r"fremde Adresse|keine Webadresse"):
        fetch(origin)
    assert asked == ["/"]


@pytest.mark.parametrize("there", ["127.0.0.1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(("name", "good"), [("nachbar.example", False), ("localhost", True)])
def test_a_name_that_leads_to_this_machine_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, good: bool, there: str
) -> None:
    """Who owns a name may let it lead anywhere. Stands in for a name server that lies."""
    asked: list[str] = []

    def behave(request: Request, connection: socket.socket) -> None:
        asked.append(request.path)
        connection.sendall(answer(b"secret"))

    truly = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **named: truly(there, *more, **named))
    with serving(behave) as origin:
        address = origin.replace("127.0.0.1", name)
        if good:
            assert fetch(address) == b"secret"
        else:
            with pytest.raises(NeighbourRefused, match="auf diesen Rechner selbst"):
                fetch(address)
    assert asked == ["/"] * good


@pytest.mark.parametrize("there", ["http://[", "http://[::1", "/" + "x" * 3000, "http://a..b/"])
def test_a_redirect_to_what_is_no_address(there: str) -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(status="302 Found", Location=there))) as origin,
        pytest.raises((NeighbourRefused, NeighbourBusy), match=r"keine Webadresse|fremde Adresse|nicht erreichbar"),
    ):
        fetch(origin)


def test_a_name_is_the_same_in_the_letters_of_its_language_and_in_those_of_the_net() -> None:
    assert origin_of("https://Müller.example./feed") == origin_of("https://xn--mller-kva.example:443/")


def test_an_address_longer_than_any() -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(b"x"))) as origin,
        pytest.raises(NeighbourRefused, match="keine Webadresse"),
    ):
        fetch(origin, "/" + "ü" * 40_000)


def test_unchanged_is_no_answer_to_who_has_nothing() -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(status="304 Not Modified"))) as origin,
        pytest.raises(NeighbourRefused, match="304"),
    ):
        fetch(origin)


@pytest.mark.parametrize("tag", ['"é"', f'"{"x" * 2000}"'])
def test_a_tag_that_cannot_be_sent_back_is_none(tag: str) -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(b"x", ETag=tag))) as origin,
        NeighbourClient(origin, QUICK) as client,
    ):
        assert client.get(origin + "/", "*/*").etag is None


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
        b"SSH-2.0-OpenSSH_9\r\n",
    ],
    ids=["short", "two lengths", "chunks", "not packed", "head", "continue", "other"],
)
def test_what_is_no_answer(said: bytes) -> None:
    def behave(_: Request, connection: socket.socket) -> None:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(behave) as origin, pytest.raises(NeighbourBusy, match="nicht erreichbar"):
        fetch(origin)


def test_a_redirect_at_home_is_followed_and_one_in_a_circle_is_not() -> None:
    def behave(request: Request, connection: socket.socket) -> None:
        if request.path == "/new":
            connection.sendall(answer(b"here"))
        else:
            connection.sendall(answer(status="301 Moved", Location="/new" if request.path == "/old" else request.path))

    with serving(behave) as origin:
        assert fetch(origin, "/old") == b"here"
        with pytest.raises(NeighbourRefused, match=r"immer weiter um|hört nicht auf"):
            fetch(origin, "/circle")


def test_patience_is_kept_once_and_long_patience_ends_the_visit() -> None:
    waited: list[float] = []
    said = ["1", "100"]

    def behave(_: Request, connection: socket.socket) -> None:
        connection.sendall(answer(status="503 Later", Retry_After=said.pop(0)))

    with serving(behave) as origin, NeighbourClient(origin, QUICK, waited.append) as client:
        with pytest.raises(NeighbourBusy, match="Geduld") as busy:
            client.get(origin + "/", "*/*")
        assert busy.value.retry_after == 100
    assert 1.0 in waited


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("9" * 400, 86_400),
        ("Fri, 01 Jan 2100 00:00:00 -0000", 86_400),
        ("bald", None),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_a_time_of_no_zone_and_a_patience_without_end(said: str, understood: float | None) -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(status="503 Later", Retry_After=said))) as origin,
        NeighbourClient(origin, QUICK) as client,
        pytest.raises(NeighbourBusy) as busy,
    ):
        client.get(origin + "/", "*/*")
    assert busy.value.retry_after == understood


def test_so_many_pages_and_no_more() -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(b"x"))) as origin,
        NeighbourClient(origin, QUICK) as client,
    ):
        for _ in range(QUICK.pages):
            client.get(origin + "/", "*/*")
        with pytest.raises(NeighbourRefused, match="Mehr als 5 Seiten"):
            client.get(origin + "/", "*/*")


def test_a_visit_ends_in_time_although_each_page_does() -> None:
    limits = Limits(pause=0.0, visit_seconds=0.0)
    with (
        serving(lambda _, connection: connection.sendall(answer(b"x"))) as origin,
        NeighbourClient(origin, limits) as client,
    ):
        client.get(origin + "/", "*/*")
        with pytest.raises(NeighbourBusy, match="beim nächsten Besuch"):
            client.get(origin + "/", "*/*")


@pytest.mark.parametrize(
    "address", ["ftp://a.example/", "feed", "http:///x", "http://a.example:999999/", "javascript:alert(1)"]
)
def test_what_is_no_web_address(address: str) -> None:
    with pytest.raises(NeighbourRefused):
        origin_of(address)
