# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Launches by a team of threads: each runs once, a stage begins when the one before is done, whoever else calls."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import warp as wp
from muscle_face.core import parallel
from muscle_face.core.team import Batch

MANY = 7


@wp.kernel
def count_up(place: int, step: float, counts: wp.array[wp.float32]):
    counts[place] += step


@wp.kernel
def total_of(place: int, counts: wp.array[wp.float32], totals: wp.array[wp.float32]):
    for i in range(counts.shape[0]):
        totals[place] += counts[i]


def launched(kernel: wp.Kernel, *inputs: object) -> wp.Launch:
    return wp.launch(kernel, 1, list(inputs), device="cpu", record_cmd=True)


class Counter:
    """Counts in one stage, sums the counts in the next."""

    def __init__(self) -> None:
        self.counts, self.totals = (wp.zeros(MANY, dtype=wp.float32, device="cpu") for _ in range(2))
        self.batch = Batch(
            [launched(count_up, i, 1.0, self.counts) for i in range(MANY)],
            [launched(total_of, i, self.counts, self.totals) for i in range(MANY)],
        )

    def check(self, rounds: int) -> None:
        for k in range(1, rounds + 1):
            self.batch()
            assert (self.counts.numpy() == k).all()
            assert (self.totals.numpy() == MANY * k * (k + 1) / 2).all()


@pytest.fixture(params=[1, 2, 4])
def cores(request: pytest.FixtureRequest):
    before = parallel.worker_count()
    parallel.use_workers(request.param)
    yield request.param
    parallel.use_workers(before)


def test_every_launch_runs_once_and_stages_follow_each_other(cores):
    Counter().check(500)


def test_callers_share_the_team(cores):
    """Several threads at once: one has the team, the others run theirs alone."""
    failed = []

    def run() -> None:
        try:
            Counter().check(300)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_beside_long_work_a_batch_runs_alone():
    with parallel.in_background():
        Counter().check(50)


def test_parameters_are_put_in_and_copies_have_their_own():
    counter = Counter()
    other, counts = counter.batch.copy(), np.zeros(MANY, np.float32)
    other.put(step=0.5, counts=counts)
    other()
    assert (counts == 0.5).all() and (counter.counts.numpy() == 0.0).all()
    assert (counter.totals.numpy() == 0.5 * MANY).all()
    counter.batch()
    assert (counts == 0.5).all() and (counter.counts.numpy() == 1.0).all()


def test_a_process_ends_while_its_team_is_awake():
    code = "from muscle_face.core import physics, parallel; from muscle_face.core.physics.lbfgs import Memory\n"
    code += "import numpy as np; parallel.use_workers(3); m = Memory(); g = np.ones((4000, 3))\n"
    code += "[m.add(g, 1.0, g, 2 * g) for _ in range(100)]; print('done')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.split()[-1] == "done"
