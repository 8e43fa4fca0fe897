"""Who goes next: clients in turn, of each the smallest first, never more than there is room for."""

from __future__ import annotations

import asyncio

import pytest

from catalogue.query.turns import Turn, Turns
from tests.asynchronous import run_async


def order(turns: Turns, *wanted: tuple[str, int]) -> list[str]:
    """Who comes in, one after another, while all others wait; a client with a dash is turned away."""
    came: list[str] = []

    async def want(client: str, size: int) -> None:
        turn = await turns.enter(client, size)
        if turn is None:
            came.append(f"-{client}{size}")
            return
        with turn:
            came.append(f"{client}{size}")
            await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.gather(*(want(client, size) for client, size in wanted))

    run_async(run())
    return came


def test_clients_take_turns() -> None:
    crowd = [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 1), ("b", 2), ("c", 9)]
    assert order(Turns(1, 1, 100, 100), *crowd) == ["a1", "a2", "b1", "c9", "a3", "b2", "a4"]


def test_the_smallest_of_a_client_goes_first() -> None:
    assert order(Turns(1, 1, 100, 100), ("a", 5), ("a", 9), ("a", 7), ("a", 1)) == ["a5", "a1", "a7", "a9"]


def test_the_largest_of_a_crowd_is_turned_away() -> None:
    met = order(Turns(1, 1, 100, 2), ("a", 5), ("a", 9), ("a", 7), ("a", 1), ("b", 50))
    assert met == ["a5", "-a9", "a1", "b50", "a7"]


def test_where_all_together_are_too_many_the_largest_crowd_gives_way() -> None:
    met = order(Turns(1, 1, 3, 100), ("a", 5), ("a", 2), ("a", 3), ("a", 4), ("b", 50))
    assert met == ["a5", "-a4", "a2", "b50", "a3"]


@pytest.mark.parametrize(("at_once", "per_client", "inside"), [(2, 1, "ab"), (3, 2, "aab"), (1, 1, "a")])
def test_places(at_once: int, per_client: int, inside: str) -> None:
    async def run() -> str:
        turns = Turns(at_once, per_client, 10, 10)
        return "".join(client for client in "aaabbb"[: at_once + 3] if turns.enter_now(client))[:at_once]

    assert run_async(run()) == inside


def test_a_place_is_free_again_once() -> None:
    async def run() -> list[bool]:
        turns = Turns(1, 1, 10, 10)
        first = turns.enter_now("a")
        assert first is not None
        first.leave()
        second = turns.enter_now("b")
        first.leave()  # changes nothing
        return [second is not None, turns.enter_now("c") is None]

    assert run_async(run()) == [True, True]


def test_who_gives_up_does_not_take_a_place() -> None:
    async def run() -> Turn | None:
        turns = Turns(1, 1, 10, 10)
        first = turns.enter_now("a")
        assert first is not None
        waiting = [asyncio.create_task(turns.enter(client, 1)) for client in "abcd"]
        await asyncio.sleep(0)
        waiting[0].cancel()
        first.leave()  # lets b in …
        waiting[1].cancel()  # … which is gone already
        await asyncio.wait(waiting[:3], return_when=asyncio.FIRST_EXCEPTION)
        turn = await waiting[2]
        assert turn is not None
        turn.leave()
        return await waiting[3]

    assert run_async(run()) is not None
