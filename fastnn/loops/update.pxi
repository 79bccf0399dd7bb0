# Part of _kernels.pyx: an update of theta, and the bounds that are checked before it.


cdef void switch_dropout_off(Run[real] *run) noexcept nogil:
    """No layer drops units."""
    cdef int l
    for l in range(run.depth):
        run.layers[l].dropout.on = False


cdef void choose_masks(Run[real] *run, uint64_t step) noexcept nogil:
    """Set the dropout masks of this step, a function of (seed, step, layer)."""
    cdef int l
    if not run.dropout:
        switch_dropout_off(run)
        return
    for l in range(run.depth):
        run.layers[l].dropout = make_dropout(run.seed, step, l, run.keep_prob[l])


cdef double power(double base, uint64_t n) noexcept nogil:
    """base^n by multiplications, which every CPU rounds alike; pow of libm may not."""
    cdef double result = 1
    while n:
        if n & 1:
            result *= base
        base *= base
        n >>= 1
    return result


cdef void choose_rate(Run[real] *run, double rate, uint64_t step, Update *u) noexcept nogil:
    """Set the learning rate of an update, and Adam's corrections after `step` updates."""
    u.rate, u.correction1, u.correction2 = rate, 1, 1
    if run.optimizer == ADAM:
        u.correction1 = 1 / (1 - power(u.beta1, step + 1))
        u.correction2 = 1 / (1 - power(u.beta2, step + 1))
    u.corrected_rate = rate * u.correction1 / sqrt(u.correction2)
    u.corrected_epsilon = u.epsilon if run.epsilon_hat else u.epsilon / sqrt(u.correction2)


cdef void bound_gradient(Run[real] *run, int64_t rows, int thread) noexcept nogil:
    """Bound |A[l-1]|, |dZ[l]| and the losses over this thread's rows.

    These are known before the gradient, so that its tiles can be used as soon as they are
    computed.
    """
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t row = share_start(rows, k.tile_rows, thread, run.threads)
    cdef int64_t count = share_start(rows, k.tile_rows, thread + 1, run.threads) - row
    cdef Bounds *bounds = run.bounds + thread * (run.depth + 1)
    cdef Layer[real] *layer
    cdef int l
    bounds[0].dZ = k.largest(run.targets.loss + row, count, 0, 1, count)
    for l in range(1, run.depth + 1):
        layer = &run.layers[l]
        # The padding of a row is finite and no larger than its numbers. X has no padding.
        if l == 1 and (layer - 1).A != run.gathered:
            bounds[l].A = k.largest((layer - 1).A, (layer - 1).ld, row, count, (layer - 1).n)
        else:
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
        A, dZ = 1, 0   # the gradient of b has the factor 1 in the place of A
        for thread in range(run.threads):
            A = max(A, run.bounds[thread * (run.depth + 1) + l].A)
            dZ = max(dZ, run.bounds[thread * (run.depth + 1) + l].dZ)
        bound = max(bound, rows * A * dZ)
    return bound


cdef bint stays_in_range(Run[real] *run, const Update *u, double gradient,
                         Extremes *extremes) noexcept nogil:
    """Whether an update with |dtheta| <= `gradient` keeps theta and the moments finite.

    If so, `extremes` becomes the largest that they can be after it. The answer is needed before
    theta is changed, so that theta can stay as the last batch left it. The bound is
    |W| + rate * |step|, with the largest step that the rule can make of the gradients so far.
    Limits are a sixteenth of the dtype's range, to leave room for the bound's own roundings.
    """
    cdef double limit = (3.4e38 if real is float else 1.7e308) / 16
    cdef double l2 = 0, l1 = 0, rate = u.rate * run.fastest_layer
    cdef double decay = fabs(1 - rate * run.weight_decay)
    cdef Extremes r = extremes[0]
    cdef int l
    for l in range(1, run.depth + 1):
        l2, l1 = max(l2, run.penalty[l].l2), max(l1, run.penalty[l].l1)
    l2, l1 = l2 * u.penalty_share, l1 * u.penalty_share
    gradient += l2 * r.theta + l1
    r.rate = max(r.rate, rate)
    if run.optimizer == MOMENTUM or run.optimizer == NESTEROV:
        r.step = run.update.beta1 * r.step + gradient
    elif run.optimizer == ADAM:
        r.step = max(r.step, gradient)
    else:
        r.step = gradient
    # In this form neither side overflows, and the answer for NaN is False.
    if not (r.theta * max(1.0, decay) < limit and r.step < limit and r.rate < limit
            and decay < limit and l2 < limit):
        return False
    if run.optimizer == ADAM or run.optimizer == RMSPROP:
        if not (r.step < limit / r.step and r.step < limit * run.update.epsilon / r.rate
                and r.rate < limit * run.update.epsilon):
            return False
    elif not r.step < limit / r.rate:
        return False
    extremes[0] = r
    return True


cdef double penalty(Run[real] *run) noexcept nogil:
    """sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1).

    One thread adds all of it, so that the sum has the same bits for any number of threads.
    """
    cdef double total = 0
    cdef Update u
    cdef int l
    for l in range(1, run.depth + 1):
        u.l2, u.l1 = run.penalty[l].l2, run.penalty[l].l1
        if u.l2 > 0 or u.l1 > 0:
            total += run.kernels.penalty(
                &u, run.theta + run.W_at[l], run.layers[l - 1].n * run.layers[l].n)
    return total


cdef inline bint layer_moves(Run[real] *run, const Update *u, int l, Update *v) noexcept nogil:
    """Set the learning rate of layer l in `v`. False if the layer is frozen."""
    if run.layer_rates == NULL:
        return True
    v.rate = u.rate * run.layer_rates[l]
    v.corrected_rate = u.corrected_rate * run.layer_rates[l]
    return run.layer_rates[l] > 0


cdef double update_tiles(Run[real] *run, const Update *u, int64_t rows, int thread) noexcept nogil:
    """Compute the gradient and update theta in one go, strip by strip, for one chunk.

    This thread does its tiles of every W[l], and b[l] with the last. Returns the largest |theta| in
    them.
    """
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    # A rule does not touch moments that it does not have. The addresses must be valid all the same.
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef real *strip
    cdef int64_t unit, units, end, n_in, W, at, count
    cdef double largest = 0
    cdef bint plain
    cdef Update v = u[0]
    cdef int l
    for l in range(1, run.depth + 1):
        if not layer_moves(run, u, l, &v):
            continue
        layer, n_in, W = &run.layers[l], run.layers[l - 1].n, run.W_at[l]
        v.l2, v.l1 = run.penalty[l].l2 * u.penalty_share, run.penalty[l].l1 * u.penalty_share
        v.weight_decay = run.weight_decay
        plain = v.l2 == 0 and v.l1 == 0 and v.weight_decay == 0
        unit = share_start(n_in, k.tile_rows, thread, run.threads)
        end = share_start(n_in, k.tile_rows, thread + 1, run.threads)
        while unit < end:
            units = min(strip_tiles(k, layer.n) * k.tile_rows, end - unit)
            strip = strip_gradient(run, l, rows, unit, units, thread)
            at, count = W + unit * layer.n, units * layer.n
            unit += units
            if unit == n_in:   # b follows W; both are updated in one go if neither is regularized
                k.bias_gradient(layer, rows, False, strip + count)
                if plain:
                    count += layer.n
            largest = max(largest, <double>k.update[run.optimizer](
                &v, strip, run.theta + at, first + at, second + at, count))
            if unit == n_in and not plain:
                v.l2, v.l1, v.weight_decay = 0, 0, 0
                at += count
                largest = max(largest, <double>k.update[run.optimizer](
                    &v, strip + count, run.theta + at, first + at, second + at, layer.n))
    return largest


cdef double largest_of_threads(Run[real] *run) noexcept nogil:
    """The largest of all threads' magnitudes."""
    cdef double largest = 0
    cdef int thread
    for thread in range(run.threads):
        largest = max(largest, run.magnitude[thread])
    return largest


cdef double clip_gradient(Run[real] *run, double largest, int thread) noexcept nogil:
    """Clip the gradient in memory, by its global norm or by value.

    `largest` is the largest magnitude in it. Returns that after clipping. Pascanu et al. (2013)
    cut the norm to a threshold; the 1e-6 is that of PyTorch's clip_grad_norm_.
    """
    cdef int64_t i, lo = share_start(run.size, 64, thread, run.threads)
    cdef int64_t hi = share_start(run.size, 64, thread + 1, run.threads)
    cdef real *gradient = run.gradient
    cdef real limit = <real>run.clip_value, factor
    cdef double norm, coefficient
    cdef Update squares
    cdef int l
    if run.layer_rates != NULL:   # the gradient of a frozen layer does not count
        for l in range(1, run.depth + 1):
            if run.layer_rates[l] == 0:
                for i in range(max(lo, run.W_at[l]),
                               min(hi, run.W_at[l] + (run.layers[l - 1].n + 1) * run.layers[l].n)):
                    gradient[i] = 0
        run.barrier.wait()
    if run.clip_value > 0 and largest > run.clip_value:
        for i in range(lo, hi):
            gradient[i] = max(-limit, min(gradient[i], limit))
        largest = run.clip_value
    if run.clip_norm > 0:
        # Every thread adds all of it, so that the sum has the same bits for any number of threads.
        squares.l2, squares.l1 = 2, 0
        norm = sqrt(run.kernels.penalty(&squares, gradient, run.size))
        if not isfinite(norm):
            return INFINITY
        coefficient = run.clip_norm / (norm + 1e-6)
        run.barrier.wait()   # every thread has read the gradient
        if coefficient < 1:
            factor = <real>coefficient
            for i in range(lo, hi):
                gradient[i] *= factor
            largest *= coefficient
    return largest


cdef double update_theta(Run[real] *run, const Update *u, int thread) noexcept nogil:
    """Update this thread's share of each W[l] and b[l] from the gradient in memory.

    Returns the largest |theta| in its share.
    """
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef Update v = u[0]
    cdef int64_t at, lo, n, part
    cdef double largest = 0
    cdef int l
    for l in range(1, run.depth + 1):
        if not layer_moves(run, u, l, &v):
            continue
        at, n = run.W_at[l], run.layers[l - 1].n * run.layers[l].n
        for part in range(2):   # W[l], then b[l], which is not regularized
            v.l2 = run.penalty[l].l2 * u.penalty_share if part == 0 else 0
            v.l1 = run.penalty[l].l1 * u.penalty_share if part == 0 else 0
            v.weight_decay = run.weight_decay if part == 0 else 0
            lo = share_start(n, 64, thread, run.threads)
            largest = max(largest, <double>run.kernels.update[run.optimizer](
                &v, run.gradient + at + lo, run.theta + at + lo,
                first + at + lo, second + at + lo,
                share_start(n, 64, thread + 1, run.threads) - lo))
            at, n = at + n, run.layers[l].n
    return largest


cdef void limit_norms(Run[real] *run, int thread) noexcept nogil:
    """Scale down the columns of W[l] that are longer than max_norm.

    Call it between two barriers. A column belongs to one thread, so that its sum has the same bits
    for any number of threads.
    """
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t n_in, n_out, i
    cdef real *W
    cdef int l
    for l in range(1, run.depth + 1):
        if not run.max_norm[l] < INFINITY or (run.layer_rates != NULL and run.layer_rates[l] == 0):
            continue
        n_in, n_out, W = run.layers[l - 1].n, run.layers[l].n, run.theta + run.W_at[l]
        for i in range(first_tile(tiles(n_out, k.panel), thread, run.threads),
                       first_tile(tiles(n_out, k.panel), thread + 1, run.threads)):
            k.limit_norms(W, n_in, n_out, i * k.panel, run.max_norm[l])


cdef void average_theta(Run[real] *run, uint64_t step, int thread) noexcept nogil:
    """average := decay average + (1 - decay) theta, after `step` updates; theta after the first."""
    cdef int64_t i, lo = share_start(run.size, 64, thread, run.threads)
    cdef int64_t hi = share_start(run.size, 64, thread + 1, run.threads)
    cdef real share = 1 if step == run.average_from + 1 else <real>(1 - run.average_decay)
    for i in range(lo, hi):
        run.average[i] += share * (run.theta[i] - run.average[i])


cdef bint update_by_gradient(Run[real] *run, const Update *u, Extremes *extremes,
                             int thread) noexcept nogil:
    """Clip the gradient in memory and update theta by it.

    `magnitude` holds the largest of each thread's part of the gradient. False where the update
    might overflow: theta is as it was.
    """
    cdef double largest = clip_gradient(run, largest_of_threads(run), thread)
    if not stays_in_range(run, u, largest, extremes):
        run.overflows.store(True)
        return False
    run.barrier.wait()   # every thread has read the magnitudes, and clipped its share
    run.magnitude[thread] = update_theta(run, u, thread)
    return True
