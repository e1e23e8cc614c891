# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How near the force pass comes to the bandwidth of memory, on one core and on all, and what binds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np
from muscle_face.core.parallel import share, use_workers, worker_count
from muscle_face.core.physics.flesh import Flesh
from muscle_face.core.physics.lanes import PARTS

from .blocks import CELLS, force_seconds, pulled_block
from .heads import timed

SIZES = ("10k", "100k", "300k")
CACHED = 9
"""Cells of a block whose data a core's own cache holds: what it takes there, instructions take."""

SAME = 0.8
"""Share of the time in memory that the pass takes in the cache from which on instructions bind it."""

STREAMS_MB = {"cache": 6.0, "memory": 400.0}
"""Data over which bandwidth is measured."""


def roofline(sizes: list[str]) -> dict:
    """The force pass against the bound of memory: what it moves over the bandwidth of a sum of the size of its data."""
    counts = {"one": 1, "all": worker_count()}
    result = {"threads": counts["all"], "streams_gb_s": {}, "rows": {}}
    for threads, count in counts.items():
        with _threads(count):
            streams = {
                where: {"copy": copy_rate(mb) / 1e9, "sum": sum_rate(mb) / 1e9} for where, mb in STREAMS_MB.items()
            }
        result["streams_gb_s"][threads] = streams
    # What a pass takes whatever its size: some launches.
    start, cached = (pulled_block(cells)[0] for cells in (1, CACHED))
    with _threads(1):
        overhead = force_seconds(start, start.rest)
        in_cache = 1e9 * (force_seconds(cached, cached.rest) - overhead) / len(cached.tets)
    result["overhead_us"] = 1e6 * overhead
    result["in_cache"] = {"tets": len(cached.tets), "mb": pass_bytes(cached) / 1e6, "ns_a_tet": in_cache}
    for name in sizes:
        flesh, _ = pulled_block(CELLS[name])
        row = _row(flesh, counts)
        with _threads(1):
            row["ns_a_tet_shuffled"] = 1e9 * force_seconds(*_shuffled(flesh)) / len(flesh.tets)
        row["binds"] = "instructions" if in_cache / row["ns_a_tet"]["one"] > SAME else "memory"
        result["rows"][name] = row
    return result


def _row(flesh: Flesh, counts: dict[str, int]) -> dict:
    """Figures of one flesh by number of threads."""
    moved, tets = pass_bytes(flesh), len(flesh.tets)
    row = {
        "tets": tets,
        "bytes_a_tet": moved / tets,
        "ns_a_tet": {},
        "bound_ns_a_tet": {},
        "over_bound": {},
        "gb_s": {},
    }
    for threads, count in counts.items():
        with _threads(count):
            seconds, bound = force_seconds(flesh, flesh.rest), moved / sum_rate(moved / 1e6)
        row["ns_a_tet"][threads] = 1e9 * seconds / tets
        row["bound_ns_a_tet"][threads] = 1e9 * bound / tets
        row["over_bound"][threads] = seconds / bound
        row["gb_s"][threads] = moved / seconds / 1e9
    return row


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Work is shared among so many threads."""
    before = worker_count()
    use_workers(count)
    try:
        yield
    finally:
        use_workers(before)


def _shuffled(flesh: Flesh) -> tuple[Flesh, np.ndarray]:
    """The same flesh with its nodes numbered at random, and its nodes."""
    order = np.random.default_rng(5).permutation(len(flesh.rest))
    number = np.argsort(order)
    other = replace(flesh, rest=flesh.rest[order], tets=number[flesh.tets], fixed=flesh.fixed[order],
                    spring=flesh.spring[order])  # fmt: skip
    return other, other.rest


def pass_bytes(flesh: Flesh) -> int:
    """Bytes that a force pass has to move if it reads and writes every array once."""
    lanes, nodes = flesh.lanes, 24 * len(flesh.rest)
    a = lanes.arrays
    read = [a.corner, a.volume, a.moduli, a.law, a.fibre_start, lanes.metric]
    # Each part clears its forces, adds to them and has them summed.
    return sum(array.capacity for array in read) + nodes + (3 * PARTS + 1) * nodes


def sum_rate(megabytes: float) -> float:
    """Bytes per second that a = b + c over arrays of together this size moves, best of some passes."""
    return _rate(megabytes, 3, lambda part, a, b, c: np.add(b[part], c[part], out=a[part]))


def copy_rate(megabytes: float) -> float:
    """Bytes per second that a = b over arrays of together this size moves, best of some passes."""
    return _rate(megabytes, 2, lambda part, a, b: np.copyto(a[part], b[part]))


def _rate(megabytes: float, count: int, work) -> float:
    """Bytes per second of some work on parts of ``count`` arrays that moves each once."""
    n = int(megabytes * 1e6 / (8 * count))
    arrays = [np.full(n, 1.0) for _ in range(count)]
    cuts = np.linspace(0, n, PARTS + 1).astype(int)
    parts = [lambda s=slice(i, j): work(s, *arrays) for i, j in pairwise(cuts)]
    share(parts)
    return 8.0 * count * n / min(timed(lambda: share(parts))[0] for _ in range(max(10, int(2000 / megabytes))))
