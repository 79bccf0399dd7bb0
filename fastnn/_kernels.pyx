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
from libc.math cimport INFINITY, fabs, isfinite, pow
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


cdef void load_rows(Run[real] *run, int64_t first, int64_t row, int64_t rows) noexcept nogil:
    """X, y and u of data rows first + row .. into rows row .. of the chunk's buffers."""
    cdef Layer[real] *x = &run.layers[0]
    cdef int64_t i, at
    if x.A == run.gathered:
        gather(run.X, run.index, first + row, rows, x.A + row * x.ld, x.ld)
    if run.y == NULL:
        return
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


cdef void differentiate_chunk(Run[real] *run, int64_t first, int64_t rows, int64_t batch_rows,
                              int64_t first_row, int thread) noexcept nogil:
    """A, dZ and losses of data rows first .., of which this thread does its share. `first_row`
    places them in the mini-batch of `batch_rows` rows."""
    cdef int64_t row = cut(rows, run.kernels.tile_rows, thread, run.threads)
    cdef int64_t end = cut(rows, run.kernels.tile_rows, thread + 1, run.threads)
    load_rows(run, first, row, end - row)
    forward_rows(run, row, end, first_row)
    cdef Targets[real] targets = run.targets
    targets.scale = <real>(1.0 / batch_rows)
    run.kernels.loss[run.output](&run.layers[run.depth], &targets, row, end - row)
    backward_rows(run, row, end, first_row)


cdef void add_up(Run[real] *run, int64_t rows) noexcept nogil:
    """The chunk's losses and errors, in the order of its rows."""
    cdef double loss = 0, error = 0
    cdef int64_t i
    for i in range(rows):
        loss += run.targets.loss[i]
    if run.targets.error != NULL:
        for i in range(rows):
            error += run.targets.error[i]
    run.loss += loss
    run.error += error


# --- an update of theta ----------------------------------------------------------------------


cdef void choose_masks(Run[real] *run, uint64_t step) noexcept nogil:
    """The dropout of this step, a function of (seed, step, layer)."""
    cdef int l
    for l in range(run.depth):
        run.layers[l].dropout = make_dropout(run.seed, step, l, run.keep_prob[l])


cdef void choose_no_masks(Run[real] *run) noexcept nogil:
    cdef int l
    for l in range(run.depth):
        run.layers[l].dropout.on = False


cdef void bound_gradient(Run[real] *run, int64_t rows, int thread) noexcept nogil:
    """A bound on this thread's rows of each |A[l-1]| and |dZ[l]|, and whether the losses are finite:
    known before the gradient is, which can then be used tile by tile."""
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t row = cut(rows, k.tile_rows, thread, run.threads)
    cdef int64_t count = cut(rows, k.tile_rows, thread + 1, run.threads) - row
    cdef Bounds *bounds = run.bounds + thread * (run.depth + 1)
    cdef Layer[real] *layer
    cdef int l
    bounds[0].dZ = k.largest(run.targets.loss + row, count, 0, 1, count)
    for l in range(1, run.depth + 1):
        layer = &run.layers[l]
        # The padding of the rows is finite and no larger than what it stands beside.
        bounds[l].A = k.largest((layer - 1).A + row * (layer - 1).ld, 0, 0, 1,
                                count * (layer - 1).ld)
        bounds[l].dZ = k.largest(layer.dZ + row * layer.ld, 0, 0, 1, count * layer.ld)


cdef double gradient_bound(Run[real] *run, int64_t rows) noexcept nogil:
    """A bound on |dW| and |db| of the chunk; infinite if a loss is not finite."""
    cdef double A, dZ, bound = 0
    cdef int l, thread
    for thread in range(run.threads):
        if not isfinite(run.bounds[thread * (run.depth + 1)].dZ):
            return INFINITY
    for l in range(1, run.depth + 1):
        A, dZ = 1, 0   # 1 is what b's gradient is multiplied with
        for thread in range(run.threads):
            A = max(A, run.bounds[thread * (run.depth + 1) + l].A)
            dZ = max(dZ, run.bounds[thread * (run.depth + 1) + l].dZ)
        bound = max(bound, rows * A * dZ)
    return bound


cdef bint safe(Run[real] *run, double rate, double gradient, Reach *reach) noexcept nogil:
    """Whether an update with components of dtheta up to `gradient` keeps theta and the moments
    within the range of the dtype; `reach` is then what they may have come to.

    It must be known before theta is touched, so that theta can stay that of the last batch. The
    bound is |W| + rate * |step|, with the largest step that the rule can make of gradients so far;
    a sixteenth of the range is kept in reserve for its roundings.
    """
    cdef double limit = (3.4e38 if real is float else 1.7e308) / 16
    cdef double l2 = 0, l1 = 0, decay = fabs(1 - rate * run.weight_decay)
    cdef Reach r = reach[0]
    cdef int l
    for l in range(1, run.depth + 1):
        l2, l1 = max(l2, run.penalty[l].l2), max(l1, run.penalty[l].l1)
    gradient += l2 * r.theta + l1
    r.rate = max(r.rate, rate)
    if run.optimizer == MOMENTUM or run.optimizer == NESTEROV:
        r.step = run.update.beta1 * r.step + gradient
    elif run.optimizer == ADAM:
        r.step = max(r.step, gradient)
    else:
        r.step = gradient
    # In this form neither side overflows, and a NaN is not safe.
    if not (r.theta * max(1.0, decay) < limit and r.step < limit and r.rate < limit
            and decay < limit and l2 < limit):
        return False
    if run.optimizer == ADAM or run.optimizer == RMSPROP:
        if not (r.step < limit / r.step and r.step < limit * run.update.epsilon / r.rate
                and r.rate < limit * run.update.epsilon):
            return False
    elif not r.step < limit / r.rate:
        return False
    reach[0] = r
    return True


cdef double update_tiles(Run[real] *run, const Update *u, int64_t rows, bint accumulate,
                         int thread) noexcept nogil:
    """Gradient and update in one, of this thread's tiles of every W[l] and b[l]. The last chunk of
    a mini-batch; `accumulate` where there were others. Returns the largest magnitude in theta."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    # What the rule does not keep is not touched, but is to be a place all the same.
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef int64_t i, j, unit, n_in, W, b
    cdef double largest = 0
    cdef Update v = u[0]
    cdef int l
    for l in range(1, run.depth + 1):
        layer, n_in, W = &run.layers[l], run.layers[l - 1].n, run.W_at[l]
        b = W + n_in * layer.n
        v.l2, v.l1, v.weight_decay = run.penalty[l].l2, run.penalty[l].l1, run.weight_decay
        for j in range(tiles(layer.n, k.panel)):
            for i in range(share(tiles(n_in, k.tile_rows), thread, run.threads),
                           share(tiles(n_in, k.tile_rows), thread + 1, run.threads)):
                unit = i * k.tile_rows
                largest = max(largest, <double>k.update_tile[run.optimizer](
                    layer - 1, layer, rows, unit, <int>min(k.tile_rows, n_in - unit), j * k.panel,
                    accumulate, &v, run.gradient + W, run.theta + W,
                    first + W, second + W))
        v.l2, v.l1, v.weight_decay = 0, 0, 0   # b is not regularized
        for j in range(share(tiles(layer.n, k.panel), thread, run.threads),
                       share(tiles(layer.n, k.panel), thread + 1, run.threads)):
            largest = max(largest, <double>k.update_bias[run.optimizer](
                layer - 1, layer, rows, j * k.panel, accumulate, &v, run.gradient + b,
                run.theta + b, first + b, second + b))
    return largest


cdef double update_theta(Run[real] *run, const Update *u, int thread) noexcept nogil:
    """One pass of the optimizer over this thread's share of each W[l] and b[l], from the gradient
    in memory. Returns the largest magnitude in theta."""
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef Update v = u[0]
    cdef int64_t at, lo, n, part
    cdef double largest = 0
    cdef int l
    for l in range(1, run.depth + 1):
        at, n = run.W_at[l], run.layers[l - 1].n * run.layers[l].n
        for part in range(2):   # W[l], then b[l], which is not regularized
            v.l2 = run.penalty[l].l2 if part == 0 else 0
            v.l1 = run.penalty[l].l1 if part == 0 else 0
            v.weight_decay = run.weight_decay if part == 0 else 0
            lo = cut(n, 64, thread, run.threads)
            largest = max(largest, <double>run.kernels.update[run.optimizer](
                &v, run.gradient + at + lo, run.theta + at + lo,
                first + at + lo, second + at + lo,
                cut(n, 64, thread + 1, run.threads) - lo))
            at, n = at + n, run.layers[l].n
    return largest


# --- whole passes, run by every thread -------------------------------------------------------


cdef void train_epoch(Run[real] *run, int thread) noexcept nogil:
    """Mini-batches of the epoch from (run.batch, run.chunk) until its end or the deadline.

    theta is updated while the gradient is computed where a bound says that this is safe; else
    the gradient is completed and looked at first. Both make the same bits.
    """
    # Each thread keeps count for itself, alike: the shared places are written back at the end.
    cdef int64_t batch = run.batch, chunk = run.chunk, first, rows, size, at, count
    cdef int64_t batches = tiles(run.rows, run.batch_size)
    cdef uint64_t step = run.step
    cdef Reach reach = run.reach
    cdef Update u = run.update
    cdef double largest
    cdef bint last, fused
    cdef int i
    # theta is the caller's between two calls.
    at = cut(run.size, 64, thread, run.threads)
    run.magnitude[thread] = run.kernels.largest(
        run.theta + at, 0, 0, 1, cut(run.size, 64, thread + 1, run.threads) - at)
    pack_weights(run, thread)
    run.barrier.wait()
    reach.theta = 0
    for i in range(run.threads):
        reach.theta = max(reach.theta, run.magnitude[i])
    while batch < batches:
        first = batch * run.batch_size
        rows = min(run.batch_size, run.rows - first)
        size = tiles(rows, tiles(rows, run.chunk_rows))
        at = chunk * size
        count = min(size, rows - at)
        last = at + count == rows
        if chunk == 0:
            pack_transposed(run, thread)
            if thread == 0 and run.dropout:
                choose_masks(run, step)
        run.barrier.wait()
        differentiate_chunk(run, first + at, count, rows, at, thread)
        if last:
            bound_gradient(run, count, thread)
        if thread == 0 and seconds_now() > run.deadline:
            run.stop.store(True)
        run.barrier.wait()
        fused = False
        if last:
            u.rate = run.rates[batch]
            if run.optimizer == ADAM:
                u.correction1 = 1 / (1 - pow(u.beta1, <double>(step + 1)))
                u.correction2 = 1 / (1 - pow(u.beta2, <double>(step + 1)))
            # Of several chunks the gradient so far has been looked at, but not bounded.
            fused = chunk == 0 and safe(run, u.rate, gradient_bound(run, count), &reach)
        if fused:
            run.magnitude[thread] = update_tiles(run, &u, count, False, thread)
        else:
            weight_gradients(run, run.gradient, count, chunk > 0, thread)
            if thread == 0:
                run.loss = 0
                add_up(run, count)
                if not isfinite(run.loss):
                    run.not_finite.store(True)
            run.barrier.wait()
            if run.not_finite.load():
                break
            if last:
                largest = 0
                for i in range(run.threads):
                    largest = max(largest, run.magnitude[i])
                if not safe(run, u.rate, largest, &reach):
                    run.overflows.store(True)
                    break
                run.barrier.wait()   # everyone has read the magnitudes
                run.magnitude[thread] = update_theta(run, &u, thread)
                run.barrier.wait()
                pack_weights(run, thread)
        chunk += 1
        if last:
            chunk = 0
            batch += 1
            step += 1
        run.barrier.wait()
        if last:
            reach.theta = 0
            for i in range(run.threads):
                reach.theta = max(reach.theta, run.magnitude[i])
        if run.stop.load():
            break
    if thread == 0:
        run.batch, run.chunk, run.step, run.reach = batch, chunk, step, reach


cdef void differentiate_rows(Run[real] *run, int thread) noexcept nogil:
    """dtheta of the mean loss over all rows, one mini-batch, from run.next_row to the deadline."""
    cdef int64_t at = run.next_row, rows
    if at == 0:
        pack_weights(run, thread)
        pack_transposed(run, thread)
        if thread == 0 and run.dropout:
            choose_masks(run, run.step)
        run.barrier.wait()
    while at < run.rows:
        rows = min(run.chunk_rows, run.rows - at)
        differentiate_chunk(run, at, rows, run.rows, at, thread)
        run.barrier.wait()
        weight_gradients(run, run.dtheta, rows, at > 0, thread)
        if thread == 0:
            add_up(run, rows)
            run.stop.store(seconds_now() > run.deadline)
        at += rows
        run.barrier.wait()
        if run.stop.load():
            break
    if thread == 0:
        run.next_row = at


cdef void read_in_place(Run[real] *run, int64_t first) noexcept nogil:
    """A[0] of the rows from `first` is X itself, where X is as the tiles want it."""
    run.layers[0].A = <real *>(run.X.values + first * run.X.row_stride)
    run.layers[0].ld = run.X.row_stride // <int64_t>sizeof(real)


cdef void evaluate_rows(Run[real] *run, int thread) noexcept nogil:
    """Losses and errors (or, without y, output activations), dropout off, from run.next_row."""
    cdef Layer[real] *top = &run.layers[run.depth]
    cdef int64_t at = run.next_row, rows, row, end, i
    cdef bint in_place = readable_in_place(run.X, F32 if real is float else F64, sizeof(real))
    if at == 0:
        pack_weights(run, thread)
        if thread == 0:
            choose_no_masks(run)   # after training, those of its last update stand there
    while at < run.rows:
        if in_place and thread == 0:
            read_in_place(run, at)
        run.barrier.wait()
        rows = min(run.chunk_rows, run.rows - at)
        row = cut(rows, run.kernels.tile_rows, thread, run.threads)
        end = cut(rows, run.kernels.tile_rows, thread + 1, run.threads)
        load_rows(run, at, row, end - row)
        forward_rows(run, row, end, at)
        if run.y != NULL:
            run.kernels.loss[run.output](top, &run.targets, row, end - row)
        else:
            run.kernels.output[run.output](top, row, end - row)
            for i in range(row, end):
                memcpy(run.out + (at + i) * top.n, top.A + i * top.ld, top.n * sizeof(real))
        run.barrier.wait()
        if thread == 0:
            if run.y != NULL:
                add_up(run, rows)
            run.stop.store(seconds_now() > run.deadline)
        at += rows
        run.barrier.wait()
        if run.stop.load():
            break
    if thread == 0:
        run.next_row = at
        run.layers[0].A, run.layers[0].ld = run.gathered, run.gathered_ld


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


def shuffle(int64_t[::1] index, uint64_t seed, int64_t left, double seconds):
    """Fisher and Yates' shuffle of index[:left], in place, for about that long; gives back what is
    left. Word i of the sequence is SplitMix64's, a function of (seed, i)."""
    cdef double deadline = seconds_now() + seconds
    cdef uint64_t x
    cdef int64_t j, swapped
    if not 0 <= left <= index.shape[0]:
        raise ValueError("left must be within index")
    with nogil:
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


def philox(counter, key):
    """Philox4x32-10 of a counter of four and a key of two 32-bit words: four words."""
    cdef uint32_t words[4]
    cdef uint32_t c[4]
    cdef uint32_t k[2]
    c[:], k[:] = counter, key
    philox4x32(c, k, words)
    return tuple(words)


include "_rows.pxi"
include "_session.pxi"
include "_shortcut.pxi"
