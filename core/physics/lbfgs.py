# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What L-BFGS remembers: the last steps and what the gradient changed along them, and the direction that they give."""

from collections.abc import Callable
from functools import cache

import numpy as np
import warp as wp

from ..team import Batch
from .lanes import PARTS
from .materials import f64
from .native import cpu_only

wp.set_module_options({"enable_backward": False})

Operator = Callable[[np.ndarray], np.ndarray]

MEMORY = 8
"""Steps that L-BFGS remembers (Nocedal and Wright, Numerical Optimization, section 7.2, advise 3 to 20)."""

WIDTH = 16
"""Numbers in a vector register; rows are padded to a multiple of it."""

_TYPES = f"""
    typedef float vec __attribute__((vector_size({4 * WIDTH})));
    typedef double wide __attribute__((vector_size({8 * WIDTH})));
    const int W = {WIDTH}, M = {MEMORY};
    const long long blocks = (count + W - 1) / W, padded = W * blocks;
    const long long begin = blocks * part / {PARTS} * W, end = blocks * (part + 1) / {PARTS} * W;
    auto load = [](const float* p) {{ vec v; __builtin_memcpy(&v, p, sizeof v); return v; }};
    auto store = [](float* p, vec v) {{ __builtin_memcpy(p, &v, sizeof v); }};
    // The last numbers of an array may be fewer than a register holds.
    auto read = [&](const double* p, long long j) {{
        wide v = {{}};
        if (j + W <= count) __builtin_memcpy(&v, p + j, sizeof v);
        else for (int l = 0; l < count - j; ++l) v[l] = p[j + l];
        return v;
    }};
    auto write = [&](double* p, long long j, wide v) {{
        if (j + W <= count) __builtin_memcpy(p + j, &v, sizeof v);
        else for (int l = 0; l < count - j; ++l) p[j + l] = v[l];
    }};
    auto narrow = [](wide v) {{ return __builtin_convertvector(v, vec); }};
    auto total = [](vec v) {{ double sum = 0.0; for (int l = 0; l < W; ++l) sum += v[l]; return sum; }};
"""


@wp.func_native(
    cpu_only(f"""
    {_TYPES}
    vec sum[M] = {{}};
    for (long long j = begin; j < end; j += W) {{
        const vec v = narrow(read(vector.data, j));
        #pragma unroll
        for (int i = 0; i < M; ++i) if (i < held) sum[i] += load(rows.data + i * padded + j) * v;
    }}
    #pragma unroll
    for (int i = 0; i < M; ++i) products.data[M * part + i] = total(sum[i]);
""")
)
def _dots(
    part: int, count: int, held: int, rows: wp.array[wp.float32], vector: wp.array[f64], products: wp.array[f64]
): ...


@wp.func_native(
    cpu_only(f"""
    {_TYPES}
    float c[M];
    for (int i = 0; i < M; ++i) c[i] = weight.data[i];
    for (long long j = begin; j < end; j += W) {{
        vec sum = {{}};
        #pragma unroll
        for (int i = 0; i < M; ++i) if (i < held) sum += load(rows.data + i * padded + j) * c[i];
        const wide v = read(vector.data, j) + __builtin_convertvector(sum, wide);
        write(result.data, j, v * (double)sign);
    }}
""")
)
def _blend(
    part: int,
    count: int,
    held: int,
    rows: wp.array[wp.float32],
    weight: wp.array[f64],
    vector: wp.array[f64],
    sign: float,
    result: wp.array[f64],
): ...


@wp.func_native(
    cpu_only(f"""
    {_TYPES}
    vec forth[M] = {{}}, back[M] = {{}}, ss = {{}}, yy = {{}};
    for (long long j = begin; j < end; j += W) {{
        const vec s = narrow(read(step.data, j)) * length;
        const vec y = narrow(read(after.data, j) - read(before.data, j));
        store(steps.data + place * padded + j, s);
        store(changes.data + place * padded + j, y);
        ss += s * s;
        yy += y * y;
        #pragma unroll
        for (int i = 0; i < M; ++i) if (i < held) {{
            forth[i] += load(steps.data + i * padded + j) * y;
            back[i] += load(changes.data + i * padded + j) * s;
        }}
    }}
    double* out = products.data + (2 * M + 2) * part;
    #pragma unroll
    for (int i = 0; i < M; ++i) {{
        out[i] = total(forth[i]);
        out[M + i] = total(back[i]);
    }}
    out[2 * M] = total(ss);
    out[2 * M + 1] = total(yy);
""")
)
def _keep(
    part: int,
    count: int,
    held: int,
    place: int,
    length: float,
    step: wp.array[f64],
    before: wp.array[f64],
    after: wp.array[f64],
    steps: wp.array[wp.float32],
    changes: wp.array[wp.float32],
    products: wp.array[f64],
): ...


@wp.kernel
def dots(part: int, count: int, held: int, rows: wp.array[wp.float32], vector: wp.array[f64], products: wp.array[f64]):
    """Products of the first rows, as many as are held, with a vector (count,), summed over a part of it."""
    _dots(part, count, held, rows, vector, products)


@wp.kernel
def blend(
    part: int,
    count: int,
    held: int,
    rows: wp.array[wp.float32],
    weight: wp.array[f64],
    vector: wp.array[f64],
    sign: float,
    result: wp.array[f64],
):
    """A part of sign (vector + sum_i weight_i row_i)."""
    _blend(part, count, held, rows, weight, vector, sign, result)


@wp.kernel
def keep(
    part: int,
    count: int,
    held: int,
    place: int,
    length: float,
    step: wp.array[f64],
    before: wp.array[f64],
    after: wp.array[f64],
    steps: wp.array[wp.float32],
    changes: wp.array[wp.float32],
    products: wp.array[f64],
):
    """Put s = length step and y = after - before into row ``place`` of steps and changes, in a part of these; and its
    products s_i y, y_i s of all rows, s s and y y."""
    _keep(part, count, held, place, length, step, before, after, steps, changes, products)


@cache
def _batch(kernel: wp.Kernel) -> Batch:
    """A kernel on all parts; what it works on is put in by those who copy it."""
    row, vector = (wp.empty(0, dtype=dtype, device="cpu") for dtype in (wp.float32, f64))
    inputs = {
        dots: [0, 0, row, vector, vector],
        blend: [0, 0, row, vector, vector, 1.0, vector],
        keep: [0, 0, 0, 1.0, vector, vector, vector, row, row, vector],
    }[kernel]
    return Batch([wp.launch(kernel, 1, [part, *inputs], device="cpu", record_cmd=True) for part in range(PARTS)])


class Memory:
    """The last L-BFGS pairs s, y, and the two-loop product with them.

    Both loops only need products s_i . y_k, which are kept, so that the vectors are passed four times in all: as much
    to read as all else that an iteration reads, so that they are in single precision, which directions do not feel.
    """

    def __init__(self) -> None:
        # Compiled here and not at the first step, which several threads make at once.
        _batch(dots)
        self._count = -1
        self._sy = np.zeros((MEMORY, MEMORY))
        self._order: list[int] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._order)

    def clear(self) -> None:
        """Forget all pairs."""
        self._order.clear()
        self._next = 0

    def _make_room(self, count: int) -> None:
        """Rows for ``count`` numbers, without pairs."""
        self.clear()
        self._count = count
        padded = -(-count // WIDTH) * WIDTH
        self._s, self._y = rows = np.zeros((2, MEMORY * padded), np.float32)
        self._products, self._kept = np.zeros((PARTS, MEMORY)), np.zeros((PARTS, 2 * MEMORY + 2))
        self._weight = np.zeros(MEMORY)
        self._of_s, self._of_y = (_batch(dots).copy() for _ in rows)
        self._add_y, self._add_s = (_batch(blend).copy() for _ in rows)
        self._keep = _batch(keep).copy()
        for batch, row in ((self._of_s, self._s), (self._of_y, self._y)):
            batch.put(count=count, rows=row, products=self._products)
        for batch, row, sign in ((self._add_y, self._y, 1.0), (self._add_s, self._s, -1.0)):
            batch.put(count=count, rows=row, weight=self._weight, sign=sign)
        self._keep.put(count=count, steps=self._s, changes=self._y, products=self._kept)

    def add(self, p: np.ndarray, t: float, before: np.ndarray, after: np.ndarray) -> None:
        """The step t p (n, 3) and the gradients before and after it; one without curvature is passed over."""
        if self._count != p.size:
            self._make_room(p.size)
        k = self._next
        p, before, after = (np.ascontiguousarray(a, np.float64) for a in (p, before, after))
        self._held = max([k, *self._order]) + 1
        self._keep.put(held=self._held, place=k, length=t, step=p, before=before, after=after)
        self._keep()
        kept = self._kept.sum(0)
        forth, back, (ss, yy) = kept[:MEMORY], kept[MEMORY:-2], kept[-2:]
        if k in self._order:
            self._order.remove(k)
        if forth[k] <= 1e-12 * np.sqrt(ss * yy):
            return
        self._next = (k + 1) % MEMORY
        self._order.append(k)
        self._sy[:, k], self._sy[k] = forth, back

    def direction(self, g: np.ndarray, inverse: Operator) -> np.ndarray:
        """Step down the gradient g (n, 3)."""
        if not self._order:
            return -inverse(g)
        # The two loops as two small systems: with T the upper triangle of S Y^T in the order of the pairs and D its
        # diagonal, a = T^-1 S g, r = inverse(g - Y^T a), b = T^-T (D a - Y r) and the step is -(r + S^T b).
        order = self._order
        T = np.triu(self._sy[np.ix_(order, order)])
        a = np.linalg.solve(T, self._dots(self._of_s, g)[order])
        r = inverse(self._blend(self._add_y, g, -a))
        b = np.linalg.solve(T.T, T.diagonal() * a - self._dots(self._of_y, r)[order])
        return self._blend(self._add_s, r, b)

    def _dots(self, batch: Batch, vector: np.ndarray) -> np.ndarray:
        vector = np.ascontiguousarray(vector, np.float64)
        batch.put(held=self._held, vector=vector)
        batch()
        return self._products.sum(0)

    def _blend(self, batch: Batch, vector: np.ndarray, weight: np.ndarray) -> np.ndarray:
        self._weight[:] = 0.0
        self._weight[self._order] = weight
        vector = np.ascontiguousarray(vector, np.float64)
        out = np.empty_like(vector)
        batch.put(held=self._held, vector=vector, result=out)
        batch()
        return out
