"""Reads RDF of strangers in a process of its own: a parser that hangs, swells or crashes takes nothing else with it.

Started as ``python -I …/parser.py MAX_BYTES MAX_STATEMENTS MAX_MEMORY MAX_SECONDS``. Requests on standard input: lengths of media type,
base and body (``>HHI``), then these. Answers on standard output: 1 for well read and 0 for not, and a length (``>BI``), then N-Quads or
what was wrong. What comes back is flat and safe to parse anywhere. Nested RDF/XML takes pyoxigraph quadratic time, so a limit of time is
needed.
"""

from __future__ import annotations

import resource
import struct
import sys

import pyoxigraph as ox

__all__ = ["ANSWER", "REQUEST", "main"]

REQUEST = struct.Struct(">HHI")
ANSWER = struct.Struct(">BI")


class _TooLargeError(Exception):
    pass


def main() -> None:
    """Answer requests until standard input ends."""
    max_bytes, max_statements, max_memory, max_seconds = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(REQUEST.size):
        media, base, body = (requests.read(length) for length in REQUEST.unpack(head))
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + max_seconds + 1  # the kernel ends it should the parent fail to
        _, most = resource.getrlimit(resource.RLIMIT_CPU)  # which nobody but root could raise again, once it is lowered
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))
        try:
            good, text = 1, _nquads(media.decode(), base.decode(), body, max_bytes, max_statements)
        except (SyntaxError, ValueError, OSError) as error:
            good, text = 0, str(error)[:500].encode()
        except (_TooLargeError, MemoryError):
            good, text = 0, b"too large"
        answers.write(ANSWER.pack(good, len(text)) + text)
        answers.flush()


def _nquads(media: str, base: str, body: bytes, max_bytes: int, max_statements: int) -> bytes:
    rdf_format = ox.RdfFormat.from_media_type(media)
    if rdf_format is None:
        raise ValueError(f"{media!r} is no format of RDF")
    lines: list[bytes] = []
    for quad in ox.parse(body, rdf_format, base_iri=base, rename_blank_nodes=True):
        if isinstance(quad.object, ox.Triple):  # no offer needs them, and who reads one within one within one … crashes
            raise ValueError("a statement about a statement")  # noqa: TRY004 - it is the text that is wrong
        line = f"{quad} .\n".encode()
        max_bytes -= len(line)
        if max_bytes < 0 or len(lines) >= max_statements:  # each takes memory, however short it is
            raise _TooLargeError
        lines.append(line)
    return b"".join(lines)


if __name__ == "__main__":
    main()
