"""The end of a connection on a slow line, with an application of our own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing

import uvicorn
from starlette.types import Receive, Scope, Send

from service.connections import Connection
from tests.service.conftest import wait_for

LONG = b"0123456789" * 90_000


async def says_much(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, whatever is still to come."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(LONG))]})
    await send({"type": "http.response.body", "body": LONG})


def test_a_long_answer_is_whole_although_the_body_of_its_request_never_comes() -> None:
    config = uvicorn.Config(says_much, http=Connection, ws="none", loop="uvloop", lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, closing(socket.socket()) as connection:
        for each in (listening, connection):  # so little the kernel takes at once
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_for(lambda: server.started)
            connection.connect(listening.getsockname())
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n")
            answer = connection.recv(1000)
            time.sleep(4)  # longer than it lingers after a short one
            while piece := connection.recv(65536):
                answer += piece
        finally:
            server.should_exit = True
            thread.join(30)
    assert len(answer.partition(b"\r\n\r\n")[2]) == len(LONG)
