# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=True
"""The compiled core: passes of a network over data, as loops over register tiles.

1. Python validates and owns the arrays; a `Session` holds the buffers of a pass. Inside a
   pass nothing is allocated, nothing raises, no Python object is touched and the GIL is free.
2. A pass is single program, multiple data: every thread runs the same loop (`train_epoch`,
   `evaluate_rows`, ...) over its share of rows, panels or theta, and meets the others at a
   barrier where one phase needs all of another's results.
3. A mini-batch is worked off in chunks of rows, whose gradients add up; a chunk is the unit
   after which a pass can pause (for Ctrl-C and the progress bar) and go on later.
4. How the work is cut (tiles, panels, chunks) never depends on the number of threads, and each
   number is computed by one thread in one order: the bits are the same for any number of them.
"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDED_RO, PyBuffer_Release
from cpython.buffer cimport PyObject_GetBuffer
from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport INFINITY, fabs, isfinite, pow, sqrt
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy
from libcpp.vector cimport vector

cimport cython

import os

import numpy as np

ctypedef fused real:
    float
    double


# --- one chunk: forward, loss, backward ------------------------------------------------------


cdef inline int64_t tiles(int64_t n, int64_t size) noexcept nogil:
    """How many tiles of `size` cover `n`."""
    return (n + size - 1) // size


cdef inline int64_t share(int64_t count, int thread, int threads) noexcept nogil:
    """The first of `count` tiles that falls to `thread`; its last is before the next thread's."""
    return count * thread // threads


cdef inline int64_t cut(int64_t n, int64_t size, int thread, int threads) noexcept nogil:
    """Where `thread`'s share of `n` begins, when whole tiles of `size` are dealt out."""
    return min(n, share(tiles(n, size), thread, threads) * size)


cdef void load_features(Run[real] *run, int64_t first, int64_t row, int64_t rows) noexcept nogil:
    """X of data rows first + row .. into rows row .. of the chunk's buffer, unless read in place."""
    cdef Layer[real] *x = &run.layers[0]
    if x.A == run.gathered:
        gather(run.X, run.index, first + row, rows, x.A + row * x.ld, x.ld)


cdef void load_targets(Run[real] *run, int64_t first, int64_t row, int64_t rows) noexcept nogil:
    """y and u of the same."""
    cdef int64_t i, at
    if run.output == OUT_SOFTMAX:
        gather_labels(run.y, run.index, first + row, rows, run.layers[run.depth].n,
                      run.labels + row)
    else:
        gather(run.y, run.index, first + row, rows, run.Y + row * run.targets.ldy,
               run.targets.ldy)
    if run.weight != NULL:
        for i in range(row, row + rows):
            at = first + i
            run.chunk_weight[i] = <real>run.weight[row_at(run.X, run.index, at)]


cdef void pack_weights(Run[real] *run, int thread) noexcept nogil:
    """W[l] and b[l] in panels, for the forward pass."""
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t n_in, n_out, i
    cdef const real *W
    cdef int l
    for l in range(1, run.depth + 1):
        n_in, n_out = run.layers[l - 1].n, run.layers[l].n
        W = run.theta + run.W_at[l]
        for i in range(share(tiles(n_out, k.panel), thread, run.threads),
                       share(tiles(n_out, k.panel), thread + 1, run.threads)):
            k.pack(W, W + n_in * n_out, n_in, n_out, i * k.panel, run.layers[l].W_panels)


cdef void pack_transposed(Run[real] *run, int thread) noexcept nogil:
    """W[l] transposed in panels, for the backward pass, which ends at layer 2."""
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t n_in, n_out, i
    cdef int l
    for l in range(2, run.depth + 1):
        n_in, n_out = run.layers[l - 1].n, run.layers[l].n
        for i in range(share(tiles(n_in, k.panel), thread, run.threads),
                       share(tiles(n_in, k.panel), thread + 1, run.threads)):
            k.pack_transposed(run.theta + run.W_at[l], n_in, n_out, i * k.panel,
                              run.layers[l].Wt_panels)


cdef void forward_rows(Run[real] *run, int64_t row, int64_t end, int64_t first_row) noexcept nogil:
    """Z[l] = A[l-1] W[l] + b[l]; A[l] = dropout(g(Z[l])), l = 1 .. L, for rows row .. end."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t i, j, r
    cdef int l
    if run.layers[0].dropout.on:
        k.drop(&run.layers[0], row, end - row, first_row)
    for l in range(1, run.depth + 1):
        layer = &run.layers[l]
        for j in range(tiles(layer.n, k.panel)):
            for i in range(tiles(end - row, k.tile_rows)):
                r = row + i * k.tile_rows
                k.forward_tile(layer - 1, layer, r, <int>min(k.tile_rows, end - r), first_row,
                               j * k.panel)


cdef void backward_rows(Run[real] *run, int64_t row, int64_t end, int64_t first_row) noexcept nogil:
    """dZ[l-1] = dZ[l] W[l]^T * g'(Z[l-1]) * mask / keep_prob, l = L .. 2, for rows row .. end."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t i, j, r
    cdef int l
    for l in range(run.depth, 1, -1):
        layer = &run.layers[l]
        for j in range(tiles(run.layers[l - 1].n, k.panel)):
            for i in range(tiles(end - row, k.tile_rows)):
                r = row + i * k.tile_rows
                k.backward_tile(layer, layer - 1, r, <int>min(k.tile_rows, end - r), first_row,
                                j * k.panel)


cdef void weight_gradients(Run[real] *run, real *dtheta, int64_t rows, bint accumulate,
                           int thread) noexcept nogil:
    """dW[l] (+)= A[l-1]^T dZ[l] and db[l] (+)= the column sums of dZ[l]: this thread's tiles."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t i, j, unit, n_in
    cdef real *dW
    cdef double largest = 0
    cdef int l, next_thread = thread + 1
    for l in range(1, run.depth + 1):
        layer, n_in, dW = &run.layers[l], run.layers[l - 1].n, dtheta + run.W_at[l]
        for j in range(tiles(layer.n, k.panel)):
            for i in range(share(tiles(n_in, k.tile_rows), thread, run.threads),
                           share(tiles(n_in, k.tile_rows), next_thread, run.threads)):
                unit = i * k.tile_rows
                largest = max(largest, <double>k.gradient_tile(
                    layer - 1, layer, rows, unit, <int>min(k.tile_rows, n_in - unit), j * k.panel,
                    accumulate, dW))
        for j in range(share(tiles(layer.n, k.panel), thread, run.threads),
                       share(tiles(layer.n, k.panel), next_thread, run.threads)):
            largest = max(largest, <double>k.bias_gradient(layer, rows, j * k.panel, accumulate,
                                                           dW + n_in * layer.n))
    run.magnitude[thread] = largest
    if not isfinite(largest):
        run.not_finite.store(True)


cdef void differentiate_chunk(Run[real] *run, int64_t first, int64_t rows, double divisor,
                              int64_t first_row, int thread) noexcept nogil:
    """A, dZ and losses of data rows first .., of which this thread does its share. `first_row`
    places them in the mini-batch, whose sums are divided by `divisor`."""
    cdef int64_t row = cut(rows, run.kernels.tile_rows, thread, run.threads)
    cdef int64_t end = cut(rows, run.kernels.tile_rows, thread + 1, run.threads)
    if run.warp == NULL:
        load_features(run, first, row, end - row)
    else:
        load_augmented(run, first, row, end, thread)
    load_targets(run, first, row, end - row)
    forward_rows(run, row, end, first_row)
    cdef Targets[real] targets = run.targets
    targets.scale = <real>(1.0 / divisor)
    run.kernels.loss[run.output](&run.layers[run.depth], &targets, row, end - row)
    backward_rows(run, row, end, first_row)


cdef double losses_of(Run[real] *run, int64_t rows) noexcept nogil:
    """The sum of the chunk's losses, in the order of its rows."""
    cdef double loss = 0
    cdef int64_t i
    for i in range(rows):
        loss += run.targets.loss[i]
    return loss


cdef void add_up(Run[real] *run, int64_t rows) noexcept nogil:
    """The chunk's losses and errors, in the order of its rows."""
    cdef double loss = losses_of(run, rows), error = 0
    cdef int64_t i
    if run.targets.error != NULL:
        for i in range(rows):
            error += run.targets.error[i]
    run.loss += loss
    run.error += error


include "loops/augment.pxi"
include "loops/update.pxi"
include "loops/passes.pxi"


# --- what Python sees -------------------------------------------------------------------------


def _choose_variant():
    """The best variant this CPU runs, or the one that FASTNN_VARIANT names."""
    wanted = os.environ.get("FASTNN_VARIANT")
    available = variants()
    if not wanted:
        return available[0]
    if wanted not in available:
        raise ImportError(
            f"FASTNN_VARIANT is {wanted!r}, which this CPU cannot run; it can run: "
            f"{', '.join(available)}. Unset it, or set it to one of these.")
    return wanted


def variants():
    """Names of the CPU variants that this machine can run, the best first."""
    return [variant_name(v).decode() for v in range(VARIANTS)
            if variant_available(v) and kernels[float](v) != NULL]


variant = _choose_variant()
cdef int _variant = [variant_name(v).decode() for v in range(VARIANTS)].index(variant)


def add_penalty_gradient(real[::1] theta, real[::1] gradient, int64_t at, int64_t n, double l2,
                         double l1):
    """gradient += l2 W + l1 sign(W) for W = theta[at : at + n]; l2 and l1 are lambda / m."""
    cdef Update u
    cdef int64_t size = min(theta.shape[0], gradient.shape[0])
    if not 0 <= at < size or not 1 <= n <= size - at:
        raise ValueError("W is not within theta")
    u.l2, u.l1 = l2, l1
    if real is float:
        kernels[float](_variant).add_penalty_gradient(&u, &theta[at], &gradient[at], n)
    else:
        kernels[double](_variant).add_penalty_gradient(&u, &theta[at], &gradient[at], n)


def drop(real[:, ::1] A, uint64_t seed, uint64_t step, uint32_t layer, double keep_prob):
    """A *= mask / keep_prob, the mask that layer `layer` has at update `step`. The width of A is
    a multiple of 64, so that every variant works in whole registers."""
    cdef Layer[real] rows
    if not 0 < keep_prob <= 1 or A.shape[1] % 64:
        raise ValueError("keep_prob must lie in (0, 1], and rows be whole cache lines")
    rows.n, rows.ld = A.shape[1], A.shape[1]
    rows.dropout = make_dropout(seed, step, layer, keep_prob)
    if keep_prob == 1 or not A.size:
        return
    rows.A = &A[0, 0]
    if real is float:
        kernels[float](_variant).drop(&rows, 0, A.shape[0], 0)
    else:
        kernels[double](_variant).drop(&rows, 0, A.shape[0], 0)


def dropout_mask(seed, step, layer, rows, units, keep_prob):
    """The mask that layer `layer` has at update `step`: bool (rows, units), True where kept."""
    A = np.ones((rows, -(-units // 64) * 64), np.float32)
    drop(A, seed, step, layer, keep_prob)
    return A[:, :units] != 0


cdef double _rate(const Kernels[real] *k, real[::1] A, real[::1] B, real[::1] C, int64_t depth,
                  double seconds) noexcept nogil:
    cdef double began = seconds_now(), best = 0, now = began, since
    cdef int i
    while now < began + seconds:
        since = now
        for i in range(1000):
            k.whole_tile(&A[0], &B[0], depth, &C[0])
        now = seconds_now()
        best = max(best, 2.0e3 * k.tile_rows * k.panel * depth / (now - since))
    return best


def peak(dtype="float32", double seconds=0.1):
    """Best rate of the micro-kernel on a tile in the L1 cache, in floating-point operations a
    second: what the rates of whole passes are measured against."""
    cdef int64_t depth = 128
    A, B, C = (np.ones(count, dtype) for count in (64 * depth, 64 * depth, 64 * 64))
    seconds = min(seconds, 10.0)   # nothing hears Ctrl-C meanwhile
    if A.dtype.itemsize == 8:
        return _rate[double](kernels[double](_variant), A, B, C, depth, seconds)
    return _rate[float](kernels[float](_variant), A, B, C, depth, seconds)


cdef struct Meeting:
    Barrier *barrier
    int64_t times


cdef void meet(Meeting *meeting, int thread) noexcept nogil:
    cdef int64_t i
    for i in range(meeting.times):
        meeting.barrier.wait()


def barrier_time(int threads=2, int64_t times=10_000):
    """Seconds that so many threads take to meet at a barrier, as they do between the phases of a
    step: most of it is the way of a cache line from core to core."""
    cdef Meeting meeting
    cdef double began
    cdef bint ran
    if not 1 <= threads <= 1024 or not 1 <= times <= 1_000_000:
        raise ValueError("expected threads in 1 .. 1024 and times in 1 .. 1,000,000")
    meeting.times, meeting.barrier = times, new Barrier(threads)
    try:
        with nogil:
            began = seconds_now()
            ran = on_threads(meet, &meeting, threads)
        if not ran:
            raise RuntimeError(f"the system gave no {threads} threads")
        return (seconds_now() - began) / times
    finally:
        del meeting.barrier


cdef int64_t _shuffle(int64_t[::1] index, uint64_t seed, int64_t left,
                      double deadline) noexcept nogil:
    cdef uint64_t x
    cdef int64_t j, swapped
    while left > 1:
        x = seed + <uint64_t>left * 0x9E3779B97F4A7C15u
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u
        x = (x ^ x >> 27) * 0x94D049BB133111EBu
        x ^= x >> 31
        j = multiply_high(x, left)   # uniform in [0, left), but for left / 2^64
        left -= 1
        swapped = index[left]
        index[left] = index[j]
        index[j] = swapped
        if left % 65536 == 0 and seconds_now() > deadline:
            break
    return left


def shuffle(int64_t[::1] index, uint64_t seed, int64_t left, double seconds):
    """Fisher and Yates' shuffle of index[:left], in place, for about that long; gives back what is
    left. Word i of the sequence is SplitMix64's, a function of (seed, i)."""
    cdef double deadline = seconds_now() + seconds
    if not 0 <= left <= index.shape[0]:
        raise ValueError("left must be within index")
    if left <= 1 << 13:   # to let the GIL go, and wait for it, takes longer than some microseconds
        return _shuffle(index, seed, left, deadline)
    with nogil:
        left = _shuffle(index, seed, left, deadline)
    return left


def philox(counter, key):
    """Philox4x32-10 of a counter of four and a key of two 32-bit words: four words."""
    cdef uint32_t words[4]
    cdef uint32_t c[4]
    cdef uint32_t k[2]
    c[:], k[:] = counter, key
    philox4x32(c, k, words)
    return tuple(words)


include "loops/rows.pxi"
include "loops/session.pxi"
include "loops/small_forward.pxi"
