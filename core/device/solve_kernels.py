# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Vectors over the free nodes of B poses: sums, stiffness product, conjugate gradients and preconditioner levels.

Vectors and matrices are single precision; products of vectors are summed in double. Block sums follow a fixed order.
"""

import warp as wp

from ..physics.materials import f64, vec3
from .flesh_kernels import SLICE, mat33f, vec3f

wp.set_module_options({"enable_backward": False})

f32 = wp.float32

SUM_TILE = 1024
FINISH_TILE = 256
DENSE_TILE = 128


@wp.kernel
def sum_tiles(on: wp.array[int], largest: int, terms: wp.array3d[f64], partial_out: wp.array3d[f64]):
    """Sum of each tile of SUM_TILE terms; quantity ``largest`` is a maximum instead."""
    b, q, k = wp.tid()
    if on[b] == 0:
        return
    tile = wp.tile_load(terms[b, q], shape=SUM_TILE, offset=k * SUM_TILE)
    if q == largest:
        wp.tile_store(partial_out[b, q], wp.tile_max(tile), offset=k)
    else:
        wp.tile_store(partial_out[b, q], wp.tile_sum(tile), offset=k)


@wp.kernel
def finish_sums(on: wp.array[int], largest: int, partial: wp.array3d[f64], sums_out: wp.array2d[f64]):
    """Sums (or the maximum) of the partial sums of ``sum_tiles``; terms are not negative where a maximum is asked."""
    b, q = wp.tid()
    if on[b] == 0:
        return
    total = wp.tile_zeros(shape=FINISH_TILE, dtype=f64)
    for k in range((partial.shape[2] + FINISH_TILE - 1) // FINISH_TILE):
        tile = wp.tile_load(partial[b, q], shape=FINISH_TILE, offset=k * FINISH_TILE)
        if q == largest:
            total = wp.tile_map(wp.max, total, tile)
        else:
            total = wp.tile_map(wp.add, total, tile)
    if q == largest:
        wp.tile_store(sums_out[b], wp.tile_max(total), offset=q)
    else:
        wp.tile_store(sums_out[b], wp.tile_sum(total), offset=q)


@wp.kernel
def begin_gradients(
    node_of_row: wp.array[int],
    on: wp.array[int],
    gradient: wp.array2d[vec3],
    r_out: wp.array2d[vec3f],
    d_out: wp.array2d[vec3f],
    p_out: wp.array2d[vec3f],
):
    """r = -gradient, d = p = 0."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    r_out[b, row] = vec3f(-gradient[b, node_of_row[row]])
    d_out[b, row] = vec3f()
    p_out[b, row] = vec3f()


@wp.kernel
def stiffness_product(
    slice_start: wp.array[int],
    row_count: wp.array[int],
    block_column: wp.array[int],
    on: wp.array[int],
    blocks: wp.array2d[mat33f],
    p: wp.array2d[vec3f],
    q_out: wp.array2d[vec3f],
    terms_out: wp.array3d[f64],
):
    """q = K p, and the terms of p . q."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    at = slice_start[row // SLICE] + row % SLICE
    q = vec3f()
    for _k in range(row_count[row]):
        q += blocks[b, at] * p[b, block_column[at]]
        at += SLICE
    q_out[b, row] = q
    terms_out[b, 0, row] = wp.dot(vec3(p[b, row]), vec3(q))


@wp.kernel
def advance(
    on: wp.array[int],
    rz: wp.array[f64],
    pq: wp.array2d[f64],
    p: wp.array2d[vec3f],
    q: wp.array2d[vec3f],
    d: wp.array2d[vec3f],
    r: wp.array2d[vec3f],
):
    """d += alpha p, r -= alpha q with alpha = r.z / p.q; no step along a direction without curvature."""
    b, row = wp.tid()
    if on[b] == 0 or not (pq[b, 0] > f64(0.0)):
        return
    alpha = f32(rz[b] / pq[b, 0])
    d[b, row] += alpha * p[b, row]
    r[b, row] -= alpha * q[b, row]


@wp.kernel
def turn_direction(
    on: wp.array[int],
    rz: wp.array[f64],
    products: wp.array2d[f64],
    z: wp.array2d[vec3f],
    p: wp.array2d[vec3f],
):
    """p = z + beta p with beta = r.z / (r.z before)."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    beta = f32(0.0)
    if rz[b] > f64(0.0):
        beta = f32(products[b, 0] / rz[b])
    p[b, row] = z[b, row] + beta * p[b, row]


@wp.kernel
def restrict_nodes(
    start: wp.array[int],
    place: wp.array[vec3f],
    on: wp.array[int],
    r: wp.array2d[vec3f],
    fine_out: wp.array2d[f32],
):
    """Product of r with the four affine functions (1, y) of each aggregate."""
    b, a, m = wp.tid()
    if on[b] == 0:
        return
    s = vec3f()
    for row in range(start[a], start[a + 1]):
        if m == 0:
            s += r[b, row]
        else:
            s += place[row][m - 1] * r[b, row]
    for k in range(3):
        fine_out[b, 12 * a + 3 * m + k] = s[k]


@wp.kernel
def restrict_aggregates(
    children: int,
    scale: wp.array[f32],
    offset: wp.array[vec3f],
    on: wp.array[int],
    fine: wp.array2d[f32],
    coarse_out: wp.array2d[f32],
):
    """The same for the aggregates of aggregates, whose functions are (1, scale y + offset) on a child."""
    b, c, m = wp.tid()
    if on[b] == 0:
        return
    s = vec3f()
    for a in range(c * children, (c + 1) * children):
        for k in range(3):
            if m == 0:
                s[k] += fine[b, 12 * a + k]
            else:
                s[k] += scale[a] * fine[b, 12 * a + 3 * m + k] + offset[a][m - 1] * fine[b, 12 * a + k]
    for k in range(3):
        coarse_out[b, 12 * c + 3 * m + k] = s[k]


@wp.kernel
def group_products(
    inverse: wp.array3d[f32],
    on: wp.array[int],
    fine: wp.array2d[f32],
    out: wp.array2d[f32],
):
    """Product with the symmetric inverse of each group of aggregates."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    size = inverse.shape[1]
    group = row // size
    s = f32(0.0)
    for j in range(size):
        s += inverse[group, j, row - group * size] * fine[b, group * size + j]
    out[b, row] = s


@wp.kernel
def dense_products(
    inverse: wp.array2d[f32],
    on: wp.array[int],
    coarse: wp.array2d[f32],
    out: wp.array2d[f32],
):
    """Product with a dense matrix, one block of threads for each row."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    total = wp.tile_zeros(shape=DENSE_TILE, dtype=f32)
    for k in range((inverse.shape[1] + DENSE_TILE - 1) // DENSE_TILE):
        a = wp.tile_load(inverse[row], shape=DENSE_TILE, offset=k * DENSE_TILE)
        v = wp.tile_load(coarse[b], shape=DENSE_TILE, offset=k * DENSE_TILE)
        total = wp.tile_map(wp.add, total, wp.tile_map(wp.mul, a, v))
    wp.tile_store(out[b], wp.tile_sum(total), offset=row)


@wp.func
def triple(values: wp.array[f32], at: int) -> vec3f:
    """Three values from ``at``."""
    return vec3f(values[at], values[at + 1], values[at + 2])


@wp.kernel
def prolong(
    aggregate_of_row: wp.array[int],
    place: wp.array[vec3f],
    children: int,
    scale: wp.array[f32],
    offset: wp.array[vec3f],
    on: wp.array[int],
    diagonal_inverse: wp.array2d[mat33f],
    fine: wp.array2d[f32],
    coarse: wp.array2d[f32],
    r: wp.array2d[vec3f],
    z_out: wp.array2d[vec3f],
    terms_out: wp.array3d[f64],
):
    """z = node block + aggregate + coarse corrections, and the terms of r . z and r . r."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    a = aggregate_of_row[row]
    c = a // children
    y = place[row]
    Y = scale[a] * y + offset[a]
    own = r[b, row]
    z = diagonal_inverse[b, row] * own + triple(fine[b], 12 * a) + triple(coarse[b], 12 * c)
    for m in range(3):
        z += y[m] * triple(fine[b], 12 * a + 3 * m + 3) + Y[m] * triple(coarse[b], 12 * c + 3 * m + 3)
    z_out[b, row] = z
    terms_out[b, 0, row] = wp.dot(vec3(own), vec3(z))
    terms_out[b, 1, row] = wp.dot(vec3(own), vec3(own))


@wp.kernel
def step_terms(
    node_of_row: wp.array[int],
    on: wp.array[int],
    gradient: wp.array2d[vec3],
    d: wp.array2d[vec3f],
    terms_out: wp.array3d[f64],
):
    """Terms of gradient . d, and the length of each node's motion."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    step = vec3(d[b, row])
    terms_out[b, 0, row] = wp.dot(gradient[b, node_of_row[row]], step)
    terms_out[b, 1, row] = wp.length(step)
