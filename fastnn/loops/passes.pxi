# Part of _kernels.pyx: whole passes over data, run by every thread.


cdef bint in_place(Run[real] *run) noexcept nogil:
    """Whether the kernels can read X in place as A[0].

    They can if the rows are read in order, none is augmented and the input has no dropout. A
    backward pass to the input reads whole registers of A[0], and a later one needs a copy.
    """
    return (readable_in_place(run.X, F32 if real is float else F64, sizeof(real))
            and run.index == NULL and run.warp == NULL and not run.layers[0].dropout.on
            and not run.inputs and not run.keeps)


cdef void choose_input(Run[real] *run, int64_t first) noexcept nogil:
    """Point A[0] to the rows of X from `first`, or to a buffer where X cannot be read in place."""
    cdef Layer[real] *x = &run.layers[0]
    if in_place(run):
        x.A = <real *>(run.X.values + first * run.X.row_stride)
        x.ld = run.X.row_stride // <int64_t>sizeof(real)
    else:
        x.A, x.ld = run.gathered, run.gathered_ld


cdef void train_epoch(Run[real] *run, int thread) noexcept nogil:
    """Train on mini-batches from (run.batch, run.chunk) until the epoch ends or the deadline.

    theta is updated while the gradient is computed if a bound excludes an overflow. Else the
    gradient is completed and checked first. Both ways give the same bits.
    """
    # Every thread counts in its own variables, all alike. Thread 0 writes them back at the end.
    cdef int64_t batch = run.batch, chunk = run.chunk, first, rows, size, at, count
    cdef int64_t batches = tiles(run.rows, run.batch_size)
    cdef uint64_t step = run.step
    cdef Extremes extremes = run.extremes
    cdef Update u = run.update
    cdef bint last, fused
    cdef double divisor
    cdef double began = seconds_now(), now
    # The caller may change theta between two mini-batches. Within one the weights stay packed.
    if chunk == 0:
        at = share_start(run.size, 64, thread, run.threads)
        run.magnitude[thread] = run.kernels.largest(
            run.theta + at, 0, 0, 1, share_start(run.size, 64, thread + 1, run.threads) - at)
        run.barrier.wait()
        extremes.theta = largest_of_threads(run)
    while batch < batches:
        first = batch * run.batch_size
        rows = min(run.batch_size, run.rows - first)
        size = tiles(rows, tiles(rows, run.chunk_rows))
        at = chunk * size
        count = min(size, rows - at)
        last = at + count == rows
        divisor = rows if run.divisors == NULL else run.divisors[batch]
        if chunk == 0:
            pack_transposed(run, thread)
            if thread == 0:
                choose_masks(run, step)
                if run.divisors != NULL:
                    run.training_loss += penalty(run) * (
                        rows if run.constant_penalty else rows / divisor)
        if thread == 0:
            choose_input(run, first + at)
        run.barrier.wait()
        differentiate_chunk(run, first + at, count, divisor, at, thread)
        if last:
            bound_gradient(run, count, thread)
        if thread == 0:   # a chunk more would end as much after the deadline as it takes
            now = seconds_now()
            run.stop.store(now > run.deadline or 2 * now - began > run.deadline)
            began = now
        run.barrier.wait()
        if thread == 0 and run.divisors != NULL:
            run.training_loss += rows / divisor * sum_of_losses(run, count)
        fused = False
        if last:
            choose_rate(run, run.rates[batch], step, &u)
            u.penalty_share = 1 / divisor
            if run.divisors == NULL or run.constant_penalty:
                u.penalty_share = 1
            # The bound covers one chunk only. Of several, the added gradient is checked below.
            fused = (chunk == 0 and run.clip_norm == 0 and run.clip_value == 0
                     and stays_in_range(run, &u, gradient_bound(run, count), &extremes))
        if fused:
            run.magnitude[thread] = update_tiles(run, &u, count, thread)
        else:
            weight_gradients(run, run.gradient, count, chunk > 0, thread)
            if thread == 0:
                run.loss = 0
                add_losses(run, count)
                if not isfinite(run.loss):
                    run.not_finite.store(True)
            run.barrier.wait()
            if run.not_finite.load():
                break
            if last:
                if not update_by_gradient(run, &u, &extremes, thread):
                    break
        if last and run.max_norm != NULL:
            run.barrier.wait()
            limit_norms(run, thread)
        chunk += 1
        if last:
            chunk = 0
            batch += 1
            step += 1
        run.barrier.wait()
        if last:
            extremes.theta = largest_of_threads(run)
            if run.average != NULL:   # theta stays as it is until the next barrier
                average_theta(run, step, thread)
        if run.stop.load():
            break
    if thread == 0:
        run.batch, run.chunk, run.step, run.extremes = batch, chunk, step, extremes


cdef void differentiate_rows(Run[real] *run, int thread) noexcept nogil:
    """Compute dtheta of the mean loss over all rows, from run.next_row until the deadline.

    With `dA` it is that of a J with these derivatives by A[L], after `evaluate_rows`. dX is
    computed if it is wanted, and dtheta is not if it is not. With `divisors`, the first of them
    divides the sums in the place of the number of rows.
    """
    cdef int64_t at = run.next_row, rows
    cdef double divisor = run.rows if run.divisors == NULL else run.divisors[0]
    if at == 0 and run.dA != NULL and run.inputs:
        pack_transposed_layer(run, 1, thread)
    if at == 0 and run.dA == NULL:
        pack_transposed(run, thread)
        if thread == 0:
            choose_masks(run, run.step)
    while at < run.rows:
        if thread == 0:
            choose_input(run, at)
        run.barrier.wait()
        rows = min(run.chunk_rows, run.rows - at)
        if run.dA == NULL:
            differentiate_chunk(run, at, rows, divisor, run.first_row + at, thread)
        else:
            propagate_back(run, at, rows, thread)
        if run.dX != NULL:
            write_input_gradient(run, at, rows, thread)
        run.barrier.wait()
        if run.dtheta != NULL:
            weight_gradients(run, run.dtheta, rows, at > 0, thread)
        if thread == 0:
            if run.dA == NULL:
                add_losses(run, rows)
            run.stop.store(seconds_now() > run.deadline)
        at += rows
        run.barrier.wait()
        if run.stop.load():
            break
    if thread == 0:
        run.next_row = at


cdef void write_outputs(Run[real] *run, const Layer[real] *top, int64_t row, int64_t first,
                        int64_t rows) noexcept nogil:
    """Put A[L] of rows `row` .. of the chunk where rows `first` .. of `out` or of the moments are."""
    cdef const Moments *m = run.moments
    cdef const real *A
    cdef double x, difference
    cdef int64_t i, j, at
    for i in range(rows):
        A, at = top.A + (row + i) * top.ld, (first + i) * top.n
        if m == NULL:
            memcpy(run.out + at, A, top.n * sizeof(real))
        elif m.squares == NULL:
            for j in range(top.n):
                m.mean[at + j] += m.weight * A[j]
        else:   # West (1979): nothing cancels
            for j in range(top.n):
                x = A[j]
                difference = x - m.mean[at + j]
                m.mean[at + j] += difference * (m.weight / m.total)
                m.squares[at + j] += m.weight * difference * (x - m.mean[at + j])


cdef void evaluate_rows(Run[real] *run, int thread) noexcept nogil:
    """Compute losses and errors, or outputs where there is no y, from run.next_row.

    Dropout is off, unless the buffers are kept for `differentiate_rows` with `dA`.
    """
    cdef Layer[real] *top = &run.layers[run.depth]
    cdef int64_t at = run.next_row, rows, row, end
    if at == 0:
        if run.keeps:
            pack_transposed(run, thread)
        if thread == 0:
            if run.keeps:
                choose_masks(run, run.step)
            else:
                switch_dropout_off(run)   # the masks of the last update may still be set
    while at < run.rows:
        if thread == 0:
            choose_input(run, at)
        run.barrier.wait()
        rows = min(run.chunk_rows, run.rows - at)
        row = share_start(rows, run.kernels.tile_rows, thread, run.threads)
        end = share_start(rows, run.kernels.tile_rows, thread + 1, run.threads)
        load_features(run, at, row, end - row)
        if run.y != NULL:
            load_targets(run, at, row, end - row)
        forward_rows(run, row, end, run.first_row + at, thread)
        if run.y != NULL:
            find_losses(run, &run.targets, row, end, rows, thread)
        else:
            run.kernels.output[run.output](top, row, end - row)
            write_outputs(run, top, row, at + row, end - row)
        run.barrier.wait()
        if thread == 0:
            if run.y != NULL:
                add_losses(run, rows)
                add_errors(run, rows)
            run.stop.store(seconds_now() > run.deadline)
        at += rows
        run.barrier.wait()
        if run.stop.load():
            break
    if thread == 0:
        run.next_row = at


cdef void apply_gradient(Run[real] *run, int thread) noexcept nogil:
    """Update theta once by the gradient in memory, at the rate run.rates[0].

    The gradient is that of the mean over run.rows rows, without the penalty.
    """
    cdef Update u = run.update
    cdef Extremes extremes = run.extremes
    cdef int64_t at = share_start(run.size, 64, thread, run.threads)
    cdef int64_t count = share_start(run.size, 64, thread + 1, run.threads) - at
    run.magnitude[thread] = run.kernels.largest(run.theta + at, 0, 0, 1, count)
    run.barrier.wait()
    extremes.theta = largest_of_threads(run)
    run.barrier.wait()
    run.magnitude[thread] = run.kernels.largest(run.gradient + at, 0, 0, 1, count)
    run.barrier.wait()
    choose_rate(run, run.rates[0], run.step, &u)
    u.penalty_share = 1 if run.constant_penalty else 1.0 / run.rows
    if not isfinite(largest_of_threads(run)):
        run.not_finite.store(True)
        return
    if not update_by_gradient(run, &u, &extremes, thread):
        return
    if run.max_norm != NULL:
        run.barrier.wait()
        limit_norms(run, thread)
    if run.average != NULL:
        run.barrier.wait()
        average_theta(run, run.step + 1, thread)
        run.barrier.wait()   # every thread has read the step
    if thread == 0:
        run.step += 1
        run.extremes = extremes
