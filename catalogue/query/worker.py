"""One process that evaluates queries for others: killable, without network, with a limit of memory.

Started as ``python -m catalogue.query.worker STORE MAX_BYTES MAX_ROWS MAX_MEMORY MAX_SECONDS`` by `catalogue.query.process`. Requests on
standard input: four bytes length (big-endian), JSON with text, base, union, default_graphs, named_graphs, results, graph. Answers on
standard output: status, whether it is the last one, length of the media type, length of the body (``>B?II``), then both; the body of a
refusal is a sentence. An answer is written only when it is complete. Imports only pyoxigraph, a little of the standard library, what judges
queries and what limits answers, so that it starts fast and holds nothing worth stealing.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Any, BinaryIO

import pyoxigraph as ox

from catalogue.query.errors import QueryRefused
from catalogue.query.guard import check
from catalogue.query.output import Output, TooLargeError, counted

__all__ = ["ANSWER", "OK", "READY", "REFUSED", "REQUEST", "TOO_LARGE", "UNACCEPTABLE", "main"]

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">B?II")
READY, OK, REFUSED, TOO_LARGE, UNACCEPTABLE = range(5)

# system calls that open the way out: socket, execve, execveat, io_uring_setup
_FORBIDDEN = {"x86_64": (0xC000003E, (41, 59, 322, 425)), "aarch64": (0xC00000B7, (198, 221, 281, 425))}
_MUCH_MEMORY = 300_000_000  # bytes
_NICENESS = 5  # the service comes first
_PDEATHSIG, _SECCOMP, _NO_NEW_PRIVILEGES = 1, 22, 38  # prctl(2)


# ValueError: an IRI of the request is none; RuntimeError: a function that the engine does not know
_OF_THE_ENGINE = (SyntaxError, ValueError, OSError, RuntimeError)


def main() -> None:
    """Answer requests until standard input ends, or until one took so much memory that a new process is better."""
    path, *numbers = sys.argv[-5:]
    max_bytes, max_rows, max_memory, max_seconds = map(int, numbers)
    _confine(max_memory)
    store = ox.Store.read_only(path)
    requests, answers, statm = sys.stdin.buffer, sys.stdout.buffer, _open_statm()
    _send(answers, READY, False)
    while head := requests.read(REQUEST.size):
        request = json.loads(requests.read(REQUEST.unpack(head)[0]))
        _allow_cpu(max_seconds)
        answer = _answer(store, request, max_bytes, max_rows)
        is_last = _resident(statm) > _MUCH_MEMORY
        _send(answers, answer[0], is_last, *answer[1:])
        if is_last:
            break


def _answer(store: ox.Store, request: dict[str, Any], max_bytes: int, max_rows: int) -> tuple[int, str, bytes]:
    """(status, media type, body)."""
    try:
        return OK, *_evaluate(store, request, max_bytes, max_rows)
    except (TooLargeError, MemoryError):
        return TOO_LARGE, "", b""
    except LookupError:
        return UNACCEPTABLE, "", b""
    except QueryRefused as error:
        return REFUSED, "", str(error).encode()
    except _OF_THE_ENGINE as error:
        return REFUSED, "", f"Die Abfrage ist nicht ausführbar: {error}".encode()


def _evaluate(store: ox.Store, request: dict[str, Any], max_bytes: int, max_rows: int) -> tuple[str, bytes]:
    """(media type, body). LookupError where the client takes no answer of this kind."""
    checked = check(request["text"])
    dataset: dict[str, Any] = {"use_default_graph_as_union": request["union"] and not checked.names_dataset}
    if (
        request["default_graphs"] or request["named_graphs"]
    ):  # the protocol's dataset is exactly these, and overrides FROM
        dataset = {
            "default_graph": [ox.NamedNode(iri) for iri in request["default_graphs"]],
            "named_graphs": [ox.NamedNode(iri) for iri in request["named_graphs"]],
        }
    answer = store.query(request["text"], base_iri=request["base"], **dataset)
    media_type: str | None = request["graph" if isinstance(answer, ox.QueryTriples) else "results"]
    if media_type is None:
        raise LookupError
    out = Output(media_type, max_bytes, max_rows)
    if isinstance(answer, ox.QueryTriples):
        ox.serialize(counted(answer, max_rows), out, ox.RdfFormat.from_media_type(media_type))  # type: ignore[arg-type]
    else:
        answer.serialize(out, ox.QueryResultsFormat.from_media_type(media_type))  # type: ignore[arg-type]
    return media_type, b"".join(out.chunks)


def _send(answers: BinaryIO, status: int, is_last: bool, media_type: str = "", body: bytes = b"") -> None:
    answers.write(ANSWER.pack(status, is_last, len(media_type), len(body)) + media_type.encode() + body)
    answers.flush()


def _open_statm() -> int:
    """What the kernel says of this process's memory: opened once, and read anew after every answer. -1 where it says nothing."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return -1


def _resident(statm: int) -> int:
    """Bytes of memory in use. (The peak that getrusage tells begins with that of the parent.)"""
    try:
        return int(os.pread(statm, 100, 0).split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _confine(max_memory: int) -> None:
    """Die with the parent, and before it where memory is short; no memory over the limit, no core dump, no network, no other program."""
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _prctl(_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
            file.write("1000")
        with suppress(OSError):  # a kernel without seccomp: the guard stands alone
            _close_the_way_out()


def _allow_cpu(seconds: int) -> None:
    """The kernel ends this process should the parent fail to: ``seconds`` more of processor time than it used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 2 * seconds + 2
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _close_the_way_out() -> None:
    """A system call filter (seccomp): socket and execve fail with EACCES. Elsewhere than on known machines the guard stands alone."""
    if platform.machine() not in _FORBIDDEN:
        return
    architecture, calls = _FORBIDDEN[platform.machine()]
    load, jump_if_equal, leave = 0x20, 0x15, 0x06  # BPF over struct seccomp_data: number at 0, architecture at 4
    allow, deny = 0x7FFF0000, 0x00050000 | 13
    steps = [(load, 0, 0, 4), (jump_if_equal, 0, len(calls) + 1, architecture), (load, 0, 0, 0)]
    steps += [(jump_if_equal, len(calls) - index, 0, call) for index, call in enumerate(calls)]
    steps += [(leave, 0, 0, allow), (leave, 0, 0, deny)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_SECCOMP, 2, ctypes.addressof(program))


def _prctl(option: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *values) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    main()
