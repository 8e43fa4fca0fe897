"""Real worker processes: what is ended, replaced and shared."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest

from catalogue.query import (
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    QueryUnavailable,
)
from catalogue.query.pool import Answer, Query, QueryPool
from tests.catalogue.stores import COUNT, CROSS, busy_workers, make_store, number, with_pool, workers_of


def test_a_slow_query_is_ended_while_another_is_answered(store: Path) -> None:
    async def both(pool: QueryPool) -> tuple[float, list[int]]:
        started = time.monotonic()
        slow = asyncio.create_task(pool.evaluate(Query(CROSS), "slow"))
        quick = [number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o")))) for _ in range(3)]
        assert not slow.done()
        with pytest.raises(QueryTimeout) as caught:
            await slow
        assert (caught.value.status, caught.value.retry_after) == (503, 4)
        quick.append(number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o")))))
        return time.monotonic() - started, quick

    took, quick = with_pool(store, both, seconds=4)
    assert quick == [200] * 4
    assert 4 <= took < 40


def test_waiting_for_ones_turn_has_an_end(store: Path) -> None:
    async def crowd(pool: QueryPool) -> list[type]:
        tasks = [asyncio.create_task(pool.evaluate(Query(CROSS))) for _ in range(4)]
        return [type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)]

    met = with_pool(store, crowd, seconds=1, workers=1)
    assert met[0] is QueryTimeout
    assert QueryUnavailable in met


def test_stuck_queries_of_one_client_leave_room_for_others_and_for_small_questions_of_its_own(store: Path) -> None:
    query = Query(COUNT % ("", "?s ?p ?o"))
    long = Query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i VALUES ?i { 0 1 2 3 4 } }")  # 200 × 200 × 10

    async def crowd(pool: QueryPool) -> tuple[list[int], int]:
        stuck = [asyncio.create_task(pool.evaluate(Query(CROSS), "greedy")) for _ in range(6)]
        await busy_workers(store)
        small = [number(await pool.evaluate(query, client)) for client in ("greedy", "modest") * 3]
        patient = number(await pool.evaluate(long, "modest"))
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.wait(stuck)
        return small, patient

    assert with_pool(store, crowd, seconds=60) == ([200] * 6, 400_000)


def test_a_small_query_that_has_no_processor_at_first_stays_a_small_one(store: Path) -> None:
    async def starved(pool: QueryPool) -> tuple[int, float]:
        stuck = asyncio.create_task(pool.evaluate(Query(CROSS), "greedy"))
        busy = await busy_workers(store)
        idle = set(workers_of(os.getpid(), store)) - set(busy)
        for worker in idle:
            os.kill(worker, signal.SIGSTOP)
        began = time.monotonic()
        asked = asyncio.create_task(pool.evaluate(Query(COUNT % ("", "?s ?p ?o")), "greedy"))
        await asyncio.sleep(0.4)
        for worker in idle:
            os.kill(worker, signal.SIGCONT)
        found = number(await asked)
        stuck.cancel()
        return found, time.monotonic() - began

    found, seconds = with_pool(store, starved, seconds=20)
    assert found == 200
    assert seconds < 10  # it did not wait for the long one's end


def test_an_answer_over_the_limit_is_no_answer(store: Path) -> None:
    async def two(pool: QueryPool) -> Answer:
        with pytest.raises(QueryTooLarge):
            await pool.evaluate(Query("SELECT * { ?s ?p ?o }"))
        return await pool.evaluate(Query("SELECT * { ?s ?p ?o } LIMIT 3"))

    assert len(json.loads(with_pool(store, two, max_bytes=1000).body)["results"]["bindings"]) == 3


def test_memory_has_a_limit(store: Path) -> None:
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?c"

    async def two(pool: QueryPool) -> int:
        with pytest.raises(QueryTooLarge, match="Arbeitsspeicher"):
            await pool.evaluate(Query(hungry))
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, two, seconds=60, max_memory=600_000_000) == 200


def test_a_query_that_crashes_its_worker_is_refused(store: Path) -> None:
    async def two(pool: QueryPool) -> int:
        with pytest.raises(QueryRefused, match="zu verwickelt"):
            await pool.evaluate(
                Query("ASK { FILTER(1" + "&&1" * 30_000 + ") }")
            )  # flat for the guard, deep for the parser
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, two) == 200


def test_workers_are_there_before_they_are_needed_and_after_they_were_killed(store: Path) -> None:
    async def all_ready() -> set[int]:
        while len(found := workers_of(os.getpid(), store)) != 4:
            await asyncio.sleep(0.01)
        return set(found)

    async def two(pool: QueryPool) -> tuple[int, int]:
        query = Query(COUNT % ("", "?s ?p ?o"))
        before = await all_ready()
        first = number(await pool.evaluate(query))
        for child in before:
            os.kill(child, signal.SIGKILL)
        while before & set(workers_of(os.getpid(), store)):
            await asyncio.sleep(0.01)
        await all_ready()
        return first, number(await pool.evaluate(query))

    assert with_pool(store, two) == (200, 200)


def test_a_query_that_is_killed_twice_is_given_up(store: Path) -> None:
    async def run(pool: QueryPool) -> None:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        for _ in range(2):
            (child,) = await busy_workers(store)
            os.kill(child, signal.SIGKILL)
            while child in workers_of(os.getpid(), store):
                await asyncio.sleep(0)
        with pytest.raises(QueryUnavailable, match="zweimal"):
            await slow

    with_pool(store, run, seconds=60)


def test_a_client_that_leaves_ends_its_query(store: Path) -> None:
    async def leave(pool: QueryPool) -> int:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        await busy_workers(store)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, leave, workers=1, seconds=60) == 200


def test_a_new_snapshot_without_interruption(store: Path, tmp_path: Path) -> None:
    newer = make_store(tmp_path / "rdf", "abc")
    query = Query(COUNT % ("", "?s ?p ?o"))
    running = Query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")  # 200 to the third on the old one

    async def switching(pool: QueryPool) -> tuple[int, int, int]:
        before = number(await pool.evaluate(query))
        slow = asyncio.create_task(pool.evaluate(running))
        await busy_workers(store)
        change = asyncio.create_task(pool.switch(newer))
        await asyncio.sleep(0)
        after = number(await pool.evaluate(query))
        assert not slow.done()
        await change
        old = number(await slow)
        return before, after, old

    assert with_pool(store, switching, seconds=60) == (200, 300, 8_000_000)


def test_closing_leaves_no_process(store: Path) -> None:
    async def close(pool: QueryPool) -> None:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        await busy_workers(store)
        await pool.close()
        with pytest.raises(QueryUnavailable):
            await slow

    with_pool(store, close, seconds=60)
    assert workers_of(os.getpid(), store) == []
