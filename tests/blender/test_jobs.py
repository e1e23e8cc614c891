# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Long work: what ends it, and how it takes turns with Blender's data."""

import time

from muscle_face.blender_addon import jobs
from muscle_face.core import Cancelled


def endless(progress):
    """Work that only stops when it is told to."""
    while True:
        progress(0.5, "Working")
        time.sleep(0.01)


class Operator(jobs.JobOperator):
    """Reads, works, reads again, works again and writes."""

    def __init__(self):
        self.done = []

    def plan(self, _context):
        self.done.append("read")
        first = yield lambda _progress: "first"
        yield 0.5, "Reading"
        return lambda _progress: f"{first} work"

    def finish(self, _context, result):
        self.done.append(result)
        self.done.append((yield lambda _progress: "second work"))
        yield 1.0, "Writing"
        self.done.append("written")


def test_work_may_come_before_between_and_after():
    """Every piece of work gets its turn, and what it gives comes back to where it was asked for."""
    operator = Operator()
    assert operator.execute(None) == {"FINISHED"}
    assert operator.done == ["read", "first work", "second work", "written"]


def test_leaving_stops_what_still_works():
    """Blender does not wait for the end of a job when it quits."""
    job = jobs.Job(endless)
    jobs.join_all()
    assert job.done and isinstance(job.error, Cancelled)


def test_a_file_that_goes_takes_its_job_along():
    """Blender cancels the operator when another file loads; nobody is busy afterwards."""
    operator = Operator()
    jobs._enter()
    operator._todo, operator._job = operator._steps(None), jobs.Job(endless)
    operator.cancel(None)
    assert not jobs.busy() and jobs.status is None
    jobs.join_all()
    assert isinstance(operator._job.error, Cancelled)
