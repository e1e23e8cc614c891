# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Multifrontal Cholesky of a symmetric matrix of 3 x 3 blocks over nodes in space.

Every separator of the nested dissection makes a front, a small dense matrix that BLAS factors and whose Schur
complement is added to the front above (Duff & Reid, ACM Trans. Math. Softw. 9, 1983).
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import warp as wp
from scipy.linalg import cython_blas, cython_lapack

from ..parallel import share
from . import front_kernels
from .dissection import Ordering
from .packed import PackedFactor

# Right sides solved at once by one thread: enough for matrix products, few enough to need little memory.
COLUMNS = 64

SHIFT = 1e-4
"""Share of its diagonal that is added to a semi-definite matrix: a tet turned over may have no stiffness of its own."""


class NotDefinite(ArithmeticError):
    """The matrix has a pivot that is not positive."""


class _Blas:
    """SciPy's BLAS and LAPACK, called through ctypes at the addresses it gives to Cython.

    SciPy's Python wrappers of the same routines hold the interpreter's lock (GIL), so that threads would factor their
    fronts one after another; ctypes releases it during the call. As in Fortran every argument is an address, and
    nothing checks them: whoever calls keeps the memory alive.
    """

    def __init__(self, dtype: np.dtype):
        letter = "ds"[dtype == np.float32]
        self.trsm = self._routine(cython_blas, letter + "trsm", 11)
        self.gemm = self._routine(cython_blas, letter + "gemm", 13)
        routines = (cython_lapack, "potrf"), (cython_blas, "trsm"), (cython_blas, "syrk")
        self.routines = np.array([self._address(module, letter + name) for module, name in routines], np.uint64)
        # Routines take every number by address.
        self._constants = np.array([-1.0, 0.0, 1.0], dtype)
        self.minus, self.zero, self.one = (self._constants[i:].ctypes.data for i in range(3))

    @staticmethod
    def _address(module: Any, name: str) -> int:
        """Where the routine is that a Cython module of SciPy exports as a capsule."""
        api = ctypes.pythonapi
        api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
        api.PyCapsule_GetPointer.restype = ctypes.c_void_p
        api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        capsule = module.__pyx_capi__[name]
        return api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))

    @classmethod
    def _routine(cls, module: Any, name: str, arguments: int) -> Callable:
        """The routine, with so many arguments, to be called from Python."""
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(cls._address(module, name))


class Cholesky:
    """The factor A = L L^T of a symmetric positive definite matrix of 3 x 3 blocks."""

    def __init__(self, ordering: Ordering, blocks: np.ndarray, *, single: bool = False):
        """Factor blocks (nnzb, 3, 3) in the order of the pattern, the lower triangle by elimination order only.

        `single` factors and solves in float32. Raises NotDefinite where a pivot is not positive.
        """
        self.ordering = ordering
        self.dtype = np.dtype(np.float32 if single else np.float64)
        self._vec3 = wp.vec3f if single else wp.vec3d
        self._kernel = front_kernels.TYPED[wp.float32 if single else wp.float64]
        self._blas = _Blas(self.dtype)
        self._values = ordering.lend(3 * ordering.panel[-1])
        self._packed: PackedFactor | None = None
        self._factor = self._share(self._values.view(self.dtype)[: 3 * ordering.panel[-1]].reshape(-1, 3))
        self._address = self._values.ctypes.data
        self._blocks = self._share(np.ascontiguousarray(blocks, self.dtype).reshape(-1, 3))
        self._updates: list[np.ndarray | None] = [None] * len(ordering.children)
        self._update_address = np.zeros(len(ordering.children), np.uint64)
        ordering.walk(self._eliminate)
        del self._updates, self._update_address, self._blocks
        # LAPACK may let NaN pass.
        if not (self._values.view(self.dtype)[ordering.diagonal] > 0).all():
            raise NotDefinite("a pivot is not a number")

    def __del__(self):
        if hasattr(self, "_values"):
            self.ordering.take_back(self._values)

    def _share(self, array: np.ndarray) -> wp.array:
        return wp.array(array, dtype=self._vec3, copy=False, device="cpu")

    def _front(self, f: int) -> tuple[int, int, int, int, int]:
        """Addresses for BLAS of front f: the numbers of pivots, of boundary rows and of both; either's first entry."""
        o = self.ordering
        p = o.sizes.ctypes.data + o.sizes.strides[0] * f
        D = self._address + 3 * self.dtype.itemsize * o.panel[f]
        return p, p + 4, p + 8, D, D + self.dtype.itemsize * int(o.sizes[f, 0])

    def _eliminate(self, begin: int, end: int) -> None:
        """Factor fronts whose children have been.

        Panels and updates are lower triangles by columns, as BLAS sees them.
        """
        o = self.ordering
        place, size = o.stacked(begin, end - 1)
        inner, last = np.empty(size, self.dtype), np.empty(int(o.sizes[end - 1, 1]) ** 2, self.dtype)
        self._update_address[begin : end - 1] = inner.ctypes.data + self.dtype.itemsize * place
        # The last front's update alone leaves the range.
        self._update_address[end - 1] = last.ctypes.data
        self._updates[end - 1] = last
        failed = wp.zeros(1, dtype=int, device="cpu")
        update, routine = (wp.array(a, dtype=wp.uint64, copy=False, device="cpu")
                           for a in (self._update_address, self._blas.routines))  # fmt: skip
        inputs = [o.fronts, begin, end, self._blocks, update, routine]
        wp.launch(self._kernel, 1, inputs, [self._factor, failed], device="cpu")
        if failed.numpy()[0]:
            raise NotDefinite(f"front {failed.numpy()[0] - 1} has a pivot that is not positive")
        for f in range(begin, end):
            for child in o.children[f]:
                self._updates[child] = None

    def packed(self, *, rough: bool = False) -> PackedFactor:
        """The factor in the order in which one right side reads it: fast, and it needs this one no more.

        ``rough`` rounds a factor in single precision to three digits, which is read in half the time.
        """
        panel = 3 * np.asarray(self.ordering.panel)
        return PackedFactor(self.ordering, self._values.view(self.dtype), panel, rough=rough)

    def solve(self, b: np.ndarray) -> np.ndarray:
        """Solve A x = b for b (3n,), (n, 3) or (3n, k): float64, same shape."""
        n = len(self.ordering.order)
        b = np.asarray(b)
        if b.shape in ((3 * n,), (n, 3)):
            if self._packed is None:
                self._packed = self.packed()
            return self._packed(b)
        x = np.empty((n, 3, b.shape[1]))

        def some(part: slice) -> None:
            x[self.ordering.order, :, part] = self._solve_many(b[:, part])

        share([lambda k=k: some(slice(k, k + COLUMNS)) for k in range(0, b.shape[1], COLUMNS)])
        return x.reshape(b.shape)

    def _solve_many(self, rhs: np.ndarray) -> np.ndarray:
        """Solve for several right sides (3 n, k): (n, 3, k) in elimination order."""
        o, blas = self.ordering, self._blas
        n, k = len(o.order), rhs.shape[1]
        x = np.ascontiguousarray(rhs, self.dtype).reshape(n, 3 * k)[o.order]
        columns = np.array([k], np.int32)
        m, address = columns.ctypes.data, x.ctypes.data
        stride = x.itemsize * 3 * k
        firsts = o.fronts.first.numpy().tolist()
        # BLAS sees x^T, k rows by 3 n columns.
        for f, rows in enumerate(o.boundary):
            p, b, h, D, E = self._front(f)
            y = address + stride * firsts[f]
            blas.trsm(b"R", b"L", b"T", b"N", m, p, blas.one, D, h, y, m)
            if len(rows):
                t = np.empty((len(rows), 3 * k), x.dtype)
                blas.gemm(b"N", b"T", m, b, p, blas.one, y, m, E, h, blas.zero, t.ctypes.data, m)
                x[rows] -= t
        for f, rows in reversed(list(enumerate(o.boundary))):
            p, b, h, D, E = self._front(f)
            y = address + stride * firsts[f]
            if len(rows):
                t = x[rows]
                blas.gemm(b"N", b"N", m, p, b, blas.minus, t.ctypes.data, m, E, h, blas.one, y, m)
            blas.trsm(b"R", b"L", b"N", b"N", m, p, blas.one, D, h, y, m)
        return x.reshape(n, 3, k)


def nearest_inverse(
    ordering: Ordering, diagonal: np.ndarray, blocks: Callable[[bool], np.ndarray], *, exact: bool = True
) -> PackedFactor:
    """The inverse, to three digits, of the exact stiffness where that is definite, else of the projected.

    blocks(definite): either's, (nnzb, 3, 3) · diagonal: (n,) the diagonal's blocks · exact: whether to try that.
    """
    if exact:
        try:
            return Cholesky(ordering, blocks(False), single=True).packed(rough=True)
        except NotDefinite:
            pass
    return shifted(ordering, blocks(True), diagonal).packed(rough=True)


def shifted(ordering: Ordering, blocks: np.ndarray, diagonal: np.ndarray) -> Cholesky:
    """The factor in single precision of a semi-definite matrix, a share of its diagonal added: what rounding makes
    indefinite gets more. diagonal: (n,) the diagonal's blocks, which change."""
    shift = SHIFT
    while True:
        blocks[diagonal] += shift * blocks[diagonal] * np.eye(3)
        try:
            return Cholesky(ordering, blocks, single=True)
        except NotDefinite:
            if shift > 1.0:
                raise
            shift *= 10.0
