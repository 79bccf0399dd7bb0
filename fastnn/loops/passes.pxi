# Part of _kernels.pyx: whole passes over data, run by every thread.


cdef bint in_place(Run[real] *run) noexcept nogil:
    """Whether X can be A[0] as it lies there: in the order of its rows, with nothing dropped, and
    no image changed."""
    return (readable_in_place(run.X, F32 if real is float else F64, sizeof(real))
            and run.index == NULL and run.warp == NULL and not run.layers[0].dropout.on)


cdef void choose_input(Run[real] *run, int64_t first) noexcept nogil:
    """A[0] of the rows from `first`: X itself where that will do, else a buffer to gather them in."""
    cdef Layer[real] *x = &run.layers[0]
    if in_place(run):
        x.A = <real *>(run.X.values + first * run.X.row_stride)
        x.ld = run.X.row_stride // <int64_t>sizeof(real)
    else:
        x.A, x.ld = run.gathered, run.gathered_ld


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
    cdef bint last, fused
    cdef double divisor
    # theta is the caller's between two calls.
    at = cut(run.size, 64, thread, run.threads)
    run.magnitude[thread] = run.kernels.largest(
        run.theta + at, 0, 0, 1, cut(run.size, 64, thread + 1, run.threads) - at)
    pack_weights(run, thread)
    run.barrier.wait()
    reach.theta = over_threads(run)
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
        if thread == 0:
            choose_input(run, first + at)
        run.barrier.wait()
        differentiate_chunk(run, first + at, count, divisor, at, thread)
        if last:
            bound_gradient(run, count, thread)
        if thread == 0 and seconds_now() > run.deadline:
            run.stop.store(True)
        run.barrier.wait()
        if thread == 0 and run.divisors != NULL:
            run.training_loss += rows / divisor * losses_of(run, count)
        fused = False
        if last:
            choose_rate(run, run.rates[batch], step, &u)
            u.penalty_share = 1 if run.divisors == NULL else 1 / divisor
            # Of several chunks the gradient so far has been looked at, but not bounded.
            fused = chunk == 0 and safe(run, &u, gradient_bound(run, count), &reach)
        if fused:
            run.magnitude[thread] = update_tiles(run, &u, count, thread)
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
                if not safe(run, &u, over_threads(run), &reach):
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
            reach.theta = over_threads(run)
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
        if thread == 0:
            choose_masks(run, run.step)
    while at < run.rows:
        if thread == 0:
            choose_input(run, at)
        run.barrier.wait()
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


cdef void evaluate_rows(Run[real] *run, int thread) noexcept nogil:
    """Losses and errors (or, without y, output activations), dropout off, from run.next_row."""
    cdef Layer[real] *top = &run.layers[run.depth]
    cdef int64_t at = run.next_row, rows, row, end, i
    if at == 0:
        pack_weights(run, thread)
        if thread == 0:
            choose_no_masks(run)   # after training, those of its last update stand there
    while at < run.rows:
        if thread == 0:
            choose_input(run, at)
        run.barrier.wait()
        rows = min(run.chunk_rows, run.rows - at)
        row = cut(rows, run.kernels.tile_rows, thread, run.threads)
        end = cut(rows, run.kernels.tile_rows, thread + 1, run.threads)
        load_features(run, at, row, end - row)
        if run.y != NULL:
            load_targets(run, at, row, end - row)
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
