# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp launches on all cores of a CPU, again and again, by threads that stay awake between them.

To wake a thread takes as long as many a kernel runs. So the threads that help wait for the next launches awake, in
machine code and without the interpreter's lock, and go to sleep after a while. Nobody waits for a thread that has not
come: whoever is there takes the next launch.
"""

import copy
import ctypes
from collections import defaultdict
from concurrent.futures import Future
from functools import cache
from threading import Lock

import numpy as np
import warp as wp

from .parallel import hands, workers

wp.set_module_options({"enable_backward": False})

ALONE, LEADS, HELPS = 0, 1, 2

PATIENCE = 40000
"""Looks after which a thread goes to sleep: one to three milliseconds, more than lies between two calls of a solve."""


# The launches of a stage are dealt by one word: its number, how many there are and which is next. A thread that comes
# too late finds none left. What runs is told of by another word, so that the leader sees the end of a stage.
@wp.func_native(
    f"const int ALONE = {ALONE}, HELPS = {HELPS};"
    """
#ifndef __CUDA_ARCH__
    typedef unsigned long long word;
    typedef void (*Forward)(word, word);
    auto rest = [] {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("isb");
#endif
    };
    auto run = [](const word* launch) { ((Forward)launch[0])(launch[1], launch[2]); };
    word* const dealt = (word*)state.data;
    word* const done = dealt + 8;
    word* const table = dealt + 16;
    auto left = [](word w) { return (w & 0xffff) < (w >> 16 & 0xffff); };
    auto some = [&] {
        while (left(__atomic_load_n(dealt, __ATOMIC_ACQUIRE))) {
            const word mine = __atomic_fetch_add(dealt, 1, __ATOMIC_ACQ_REL);
            if (!left(mine)) return;
            run((const word*)*table + 3 * (mine & 0xffff));
            __atomic_fetch_add(done, 1, __ATOMIC_RELEASE);
        }
    };
    if (role == HELPS) {
        for (int look = 0; look < patience; ++look) {
            if (left(__atomic_load_n(dealt, __ATOMIC_ACQUIRE))) {
                some();
                look = 0;
            }
            rest();
        }
    } else {
        for (int stage = 0; stage + 1 < start.shape[0]; ++stage) {
            const word* first = (const word*)launches.data + 3 * start.data[stage];
            const word count = start.data[stage + 1] - start.data[stage];
            if (role == ALONE || count == 1) {
                for (word k = 0; k < count; ++k) run(first + 3 * k);
                continue;
            }
            *table = (word)first;
            __atomic_store_n(done, 0, __ATOMIC_RELAXED);
            __atomic_store_n(dealt, ((*dealt >> 32) + 1) << 32 | count << 16, __ATOMIC_RELEASE);
            some();
            while (__atomic_load_n(done, __ATOMIC_ACQUIRE) < count) rest();
        }
    }
#endif
"""
)
def _work(
    launches: wp.array[wp.uint64], start: wp.array[int], state: wp.array[wp.uint64], role: int, patience: int
): ...


@wp.kernel
def work(launches: wp.array[wp.uint64], start: wp.array[int], state: wp.array[wp.uint64], role: int, patience: int):
    """Run launches (n, 3: function, bounds, arguments) stage after stage (``start``), ALONE or as the one that LEADS,
    or HELP with what is dealt until nothing has been for some time."""
    _work(launches, start, state, role, patience)


class _Bound:
    """A recorded launch as the call that Warp makes of it: a function, its bounds and its arguments."""

    def __init__(self, launch: wp.Launch) -> None:
        given = launch.params[1:]
        fields = tuple((a.label, type(value)) for a, value in zip(launch.kernel.adj.args, given, strict=True))
        self.forward, self._launch = launch.hooks.forward, launch
        self.bounds, self.arguments = launch.params[0], _arguments(fields)(*given)

    def call(self) -> None:
        """Run it, without the interpreter's lock."""
        self.forward(ctypes.byref(self.bounds), ctypes.byref(self.arguments))

    def copy(self) -> "_Bound":
        """The same with arguments of its own."""
        other = copy.copy(self)
        other.arguments = type(self.arguments).from_buffer_copy(self.arguments)
        return other

    @property
    def addresses(self) -> tuple[int, int, int]:
        """Where function, bounds and arguments are."""
        function = ctypes.cast(self.forward, ctypes.c_void_p).value or 0
        return function, ctypes.addressof(self.bounds), ctypes.addressof(self.arguments)


@cache
def _arguments(fields: tuple[tuple[str, type], ...]) -> type[ctypes.Structure]:
    """The structure that Warp's kernels for a CPU take their arguments in."""
    return type("Arguments", (ctypes.Structure,), {"_fields_": fields})


class _Team:
    """The threads that help, and what they look at; one batch at a time has them."""

    def __init__(self) -> None:
        self.state = wp.zeros(24, dtype=wp.uint64, device="cpu")
        self.busy = Lock()
        self._serving: list[Future] = []
        nothing = wp.zeros(0, dtype=wp.uint64, device="cpu"), wp.zeros(0, dtype=int, device="cpu")
        inputs = [*nothing, self.state, HELPS, PATIENCE]
        self.call = _Bound(wp.launch(work, 1, inputs, device="cpu", record_cmd=True))

    def wake(self, count: int) -> None:
        """See to it that so many threads help."""
        self._serving = [thread for thread in self._serving if not thread.done()]
        while len(self._serving) < count:
            self._serving.append(hands().submit(self.call.call))


@cache
def _team() -> _Team:
    return _Team()


class Batch:
    """Recorded launches on the CPU, stage after stage; those of a stage run side by side, in any order."""

    def __init__(self, *stages: list[wp.Launch]) -> None:
        self._start = wp.array(np.cumsum([0, *(len(stage) for stage in stages)]), dtype=int, device="cpu")
        self._most = max(len(stage) for stage in stages)
        self._take([_Bound(launch) for stage in stages for launch in stage])

    def _take(self, bound: list[_Bound]) -> None:
        """Run these calls."""
        self._bound, self._work, self._having = bound, _team().call.copy(), defaultdict(list)
        for arguments in (b.arguments for b in bound):
            for name, _ in arguments._fields_:
                self._having[name].append(arguments)
        addresses = np.array([b.addresses for b in bound], np.uint64).ravel()
        self._launches = wp.array(addresses, dtype=wp.uint64, copy=False, device="cpu")
        self._work.arguments.launches = self._launches.__ctype__()
        self._work.arguments.start = self._start.__ctype__()

    def copy(self) -> "Batch":
        """The same launches with parameters of their own (``put``)."""
        other = copy.copy(self)
        other._take([b.copy() for b in self._bound])
        return other

    def put(self, **values: "int | float | np.ndarray | wp.array") -> None:
        """Give the launches that have them other parameters: numbers, or arrays in place of those of the same type and
        size, which the caller keeps alive."""
        for name, value in values.items():
            if isinstance(value, (int, float)):
                for arguments in self._having[name]:
                    setattr(arguments, name, value)
            else:
                place = value.ctypes.data if isinstance(value, np.ndarray) else value.ptr or 0
                for arguments in self._having[name]:
                    getattr(arguments, name).data = place

    def __call__(self) -> None:
        """Run them all."""
        team, helpers = _team(), min(workers(), self._most) - 1
        if helpers < 1 or not team.busy.acquire(blocking=False):
            self._work.arguments.role = ALONE
            self._work.call()
            return
        try:
            team.wake(helpers)
            self._work.arguments.role = LEADS
            self._work.call()
        finally:
            team.busy.release()
