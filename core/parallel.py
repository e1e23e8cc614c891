# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Independent work on several cores: Warp's and BLAS's calls release the interpreter's lock."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

from . import blas
from .progress import Progress

Result = TypeVar("Result")
Item = TypeVar("Item")

MOST_WORKERS = 4
"""More cores gain little on one face."""

_worker_count = max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def worker_count() -> int:
    """Number of threads that share work."""
    return _worker_count


def use_workers(count: int) -> None:
    """Share work among ``count`` threads from now on; 0 takes as many as there are cores, up to MOST_WORKERS."""
    global _worker_count
    _worker_count = max(1, count or min(MOST_WORKERS, os.cpu_count() or 1))
    # The threads themselves are few and cheap: what runs keeps its own until it is done.
    hands.cache_clear()


_here = threading.local()
"""Has ``alone`` in threads whose siblings keep the other cores busy."""


@cache
def hands() -> ThreadPoolExecutor:
    """The threads that help with short tasks."""
    return ThreadPoolExecutor(max(_worker_count - 1, 1), "muscle_face", initializer=_be_alone)


def _be_alone() -> None:
    _here.alone = True


_occupied = 0
"""Cores that long work in the background keeps from short tasks: a thread without a core of its own waits for ever."""

_counting = Lock()


@contextmanager
def in_background() -> Iterator[None]:
    """For long work in a thread of its own: it runs in this thread alone, and the workers leave it a core."""
    global _occupied
    before, _here.alone = getattr(_here, "alone", False), True
    with _counting:
        _occupied += 1
    try:
        yield
    finally:
        _here.alone = before
        with _counting:
            _occupied -= 1


def workers() -> int:
    """Number of threads that may share the work of the thread that asks: 1 in a thread that is itself a worker."""
    return 1 if getattr(_here, "alone", False) else max(_worker_count - _occupied, 1)


def share(tasks: list[Callable[[], object]]) -> None:
    """Run short tasks on all workers, this thread among them; one after another in a thread that is itself a worker."""
    left = iter(tasks)

    def some() -> None:
        for task in left:
            task()

    others = [hands().submit(some) for _ in range(1, min(workers(), len(tasks)))]
    try:
        some()
    finally:
        for other in others:
            # One that woke too late finds nothing to do.
            if not other.cancel():
                other.result()


def ranges(cuts: list[int]) -> list[tuple[int, int]]:
    """One range of the parts between ``cuts`` (parts + 1,) for each worker; the split must not change the result."""
    parts = len(cuts) - 1
    count = min(workers(), parts)
    return list(pairwise([cuts[k * parts // count] for k in range(count + 1)]))


def run_all(tasks: list[Callable[[], Result]]) -> list[Result]:
    """Results of the tasks in their order. An exception (a cancelled job) stops what has not begun and is raised."""
    if len(tasks) < 2 or _worker_count == 1:
        return [task() for task in tasks]
    with blas.one_thread(), ThreadPoolExecutor(min(_worker_count, len(tasks)), initializer=_be_alone) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            for future in futures:
                future.cancel()
        failed = next((f for f in futures if f.done() and not f.cancelled() and f.exception()), None)
        if failed is not None:
            raise failed.exception()
        return [future.result() for future in futures]


class Once(Generic[Item]):
    """What several tasks need: the first that asks makes it, others wait. One that cannot be made raises for all."""

    def __init__(self, make: Callable[[], Item]) -> None:
        self._make, self._turn = make, Lock()
        self._made: list[Item] = []

    def __call__(self) -> Item:
        """The value."""
        with self._turn:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class Steps:
    """Progress of many steps over a share of a job, told from any thread, never backwards."""

    def __init__(self, say: Progress, low: float, high: float, count: int) -> None:
        self._say, self._low, self._span, self._count = say, low, high - low, max(count, 1)
        self._done, self._turn = 0, Lock()

    def tick(self, text: str) -> None:
        """Show what a step is doing; raises what ``say`` raises when the job is cancelled."""
        with self._turn:
            self._say(self._low + self._span * self._done / self._count, text)

    def finished(self) -> None:
        """One more step is done."""
        with self._turn:
            self._done += 1


class Pool(Generic[Item]):
    """Things that one thread uses at a time, made when all others are out."""

    def __init__(self, make: Callable[[], Item]) -> None:
        self._make = make
        self._idle: SimpleQueue = SimpleQueue()

    @contextmanager
    def lent(self) -> Iterator[Item]:
        """Lend one of them for the length of a ``with`` block."""
        try:
            item = self._idle.get_nowait()
        except Empty:
            item = self._make()
        try:
            yield item
        finally:
            self._idle.put(item)
