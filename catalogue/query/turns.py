"""Who may go next: a bounded, fair queue."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import Callable
from itertools import count

__all__ = ["Turn", "Turns"]


class Turn:
    """The right to use one place. `leave` gives it up; a second time changes nothing."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave

    def leave(self) -> None:
        """The next one comes in."""
        if self._leave is not None:
            self._leave()
            self._leave = None

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


class Turns:
    """``at_once`` places, at most ``per_client`` of them for one client; ``waiting`` wait, at most ``waiting_per_client`` of one client.

    Clients take turns. Of one client's, the smallest goes first, and where there are too many the largest is turned away: so a crowd of
    bombs does not keep its own sender's small question waiting.
    """

    def __init__(self, at_once: int, per_client: int, waiting: int, waiting_per_client: int) -> None:
        self._at_once = at_once
        self._per_client = per_client
        self._most_waiting = waiting
        self._most_waiting_per_client = waiting_per_client
        self._inside: Counter[str] = Counter()
        self._waiting: dict[
            str, list[tuple[int, int, asyncio.Future[bool]]]
        ] = {}  # clients in the order of their turns
        self._numbers = count()

    async def enter(self, client: str, size: int) -> Turn | None:
        """A place, as soon as it is this one's turn; None where too many wait."""
        if turn := self.enter_now(client):
            return turn
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        ticket = (size, next(self._numbers), future)
        insort(self._waiting.setdefault(client, []), ticket)
        self._turn_away(client)
        try:
            admitted = await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.result():
                self._leave(client)
            else:
                self._forget(client, ticket)
            raise
        return Turn(lambda: self._leave(client)) if admitted else None

    def enter_now(self, client: str) -> Turn | None:
        """A place, if one is free for this client."""
        if self._inside.total() >= self._at_once or self._inside[client] >= self._per_client:
            return None
        self._inside[client] += 1
        return Turn(lambda: self._leave(client))

    def _turn_away(self, newest: str) -> None:
        """The largest of a client that has too many waiting; where all together are too many, of the one that has most."""
        crowd: str | None = None
        if len(self._waiting[newest]) > self._most_waiting_per_client:
            crowd = newest
        elif sum(map(len, self._waiting.values())) > self._most_waiting:
            crowd = max(self._waiting, key=lambda client: len(self._waiting[client]))
        if crowd is not None:
            largest = self._waiting[crowd][-1]
            self._forget(crowd, largest)
            if not largest[2].done():
                largest[2].set_result(False)

    def _forget(self, client: str, ticket: tuple[int, int, asyncio.Future[bool]]) -> None:
        tickets = self._waiting.get(client, [])
        if ticket in tickets:
            tickets.remove(ticket)
        if not tickets:
            self._waiting.pop(client, None)

    def _leave(self, client: str) -> None:
        self._inside[client] -= 1
        if not self._inside[client]:
            del self._inside[client]
        while self._inside.total() < self._at_once and self._admit_one():
            pass

    def _admit_one(self) -> bool:
        for client in list(self._waiting):
            if self._inside[client] >= self._per_client:
                continue
            tickets = self._waiting.pop(client)
            future = tickets.pop(0)[2]
            if tickets:
                self._waiting[client] = tickets  # behind all others
            if not future.done():  # else its request was given up this very moment
                self._inside[client] += 1
                future.set_result(True)
            return True
        return False
