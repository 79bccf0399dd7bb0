# Part of _kernels.pyx: one chunk of rows through the network: forward, loss, backward.


cdef inline int64_t tiles(int64_t n, int64_t size) noexcept nogil:
    """The number of tiles of `size` that cover `n`."""
    return (n + size - 1) // size


cdef inline int64_t first_tile(int64_t count, int thread, int threads) noexcept nogil:
    """The first of `count` tiles that `thread` does; its last comes before the next thread's."""
    return count * thread // threads


cdef inline int64_t share_start(int64_t n, int64_t size, int thread, int threads) noexcept nogil:
    """Where the share of `thread` in `n` begins; shares are whole tiles of `size`."""
    return min(n, first_tile(tiles(n, size), thread, threads) * size)


cdef void load_features(Run[real] *run, int64_t first, int64_t row, int64_t rows) noexcept nogil:
    """Copy X of data rows first + row .. to rows row .. of the chunk's buffer.

    Nothing is copied where the kernels read X in place.
    """
    cdef Layer[real] *x = &run.layers[0]
    if x.A == run.gathered:
        gather(run.X, run.index, first + row, rows, x.A + row * x.ld, x.ld)


cdef void load_augmented(Run[real] *run, int64_t first, int64_t row, int64_t end,
                         int thread) noexcept nogil:
    """Put augmented and normalized copies of data rows first + row .. first + end into A[0]."""
    cdef Placement place
    cdef Layer[real] *x = &run.layers[0]
    cdef Matrix raw = run.X[0]
    cdef real *image
    cdef int64_t i
    raw.mean = NULL
    raw.scale = NULL
    gather(&raw, run.index, first + row, end - row, x.A + row * x.ld, x.ld)
    for i in range(row, end):
        image = x.A + i * x.ld
        draw(run.warp, run.seed, run.epoch, row_at(run.X, run.index, first + i), &place)
        run.kernels.augment(run.warp, &place, run.scratch + thread * scratch_size(run.warp), image)
        if run.X.scale != NULL:
            normalize_row(image, run.X.mean, run.X.scale, x.n, image)


cdef void load_targets(Run[real] *run, int64_t first, int64_t row, int64_t rows) noexcept nogil:
    """Copy y and u of the same rows."""
    cdef int64_t i, at, classes = run.layers[run.depth].n
    cdef real *Y = run.Y + row * run.targets.ldy
    cdef bint labels = run.loss_rule == LOSS_SOFT and run.y.columns == 1
    if run.loss_rule == OUT_SOFTMAX or labels:
        gather_labels(run.y, run.index, first + row, rows, classes, run.labels + row)
    else:
        gather(run.y, run.index, first + row, rows, Y, run.targets.ldy)
    if labels:
        memset(Y, 0, rows * classes * sizeof(real))
        for i in range(rows):
            Y[i * classes + run.labels[row + i]] = 1
    if run.smoothing > 0:
        for i in range(rows * classes):
            Y[i] = <real>((1 - run.smoothing) * Y[i] + run.smoothing / classes)
    if run.weight != NULL:
        for i in range(row, row + rows):
            at = first + i
            run.chunk_weight[i] = <real>run.weight[row_at(run.X, run.index, at)]


cdef inline int lowest_backward(Run[real] *run) noexcept nogil:
    """The lowest layer that the backward pass goes through: 1 where it is to give dX."""
    return 1 if run.inputs else 2


cdef void pack_transposed_layer(Run[real] *run, int l, int thread) noexcept nogil:
    """Put W[l] transposed into panels, for the backward pass."""
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t n_in = run.layers[l - 1].n, n_out = run.layers[l].n, i
    for i in range(first_tile(tiles(n_in, k.panel), thread, run.threads),
                   first_tile(tiles(n_in, k.panel), thread + 1, run.threads)):
        k.pack_transposed(run.theta + run.W_at[l], n_in, n_out, i * k.panel,
                          run.layers[l].Wt_panels)


cdef void pack_transposed(Run[real] *run, int thread) noexcept nogil:
    """Put the W[l] that the backward pass goes through, transposed, into panels."""
    cdef int l
    for l in range(lowest_backward(run), run.depth + 1):
        pack_transposed_layer(run, l, thread)


cdef void forward_rows(Run[real] *run, int64_t row, int64_t end, int64_t first_row,
                       int thread) noexcept nogil:
    """Z[l] = A[l-1] W[l] + b[l]; A[l] = dropout(g(Z[l])), l = 1 .. L, for rows row .. end."""
    cdef const Kernels[real] *k = run.kernels
    cdef int l
    if row == end:
        return
    if run.layers[0].dropout.on:
        k.apply_dropout(&run.layers[0], row, end - row, first_row)
    for l in range(1, run.depth + 1):
        if run.packed == NULL:
            k.forward(&run.layers[l - 1], &run.layers[l], run.theta + run.W_at[l],
                      run.room + thread * run.room_size, row, end, first_row)
        else:
            k.forward_packed(&run.layers[l - 1], &run.layers[l], run.packed + run.packed_at[l],
                             run.room + thread * run.room_size, row, end)


cdef void backward_rows(Run[real] *run, int64_t rows, int64_t row, int64_t end) noexcept nogil:
    """dZ[l-1] = dZ[l] W[l]^T * g'(Z[l-1]) * mask / keep_prob for rows row .. end of `rows`.

    l goes from L down to 2, or to 1 where dX = dZ[0] is wanted.
    """
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t j
    cdef int l
    for l in range(run.depth, lowest_backward(run) - 1, -1):
        layer = &run.layers[l]
        for j in range(tiles(run.layers[l - 1].n, k.panel)):
            k.backward_panel(layer, layer - 1, row, end, j * k.panel)
    pack_dZ(run, rows, row, end)


cdef void pack_dZ(Run[real] *run, int64_t rows, int64_t row, int64_t end) noexcept nogil:
    """Put rows row .. end of dZ[l] into panels of `rows` rows, where the gradient reads those."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t column
    cdef int l, j
    for l in range(1, run.depth + 1):
        layer = &run.layers[l]
        if layer.dZ_panels != NULL:
            for j in range(tiles(layer.n, k.panel)):
                column = j * k.panel
                k.pack(layer.dZ + row * layer.ld, layer.ld, end - row, layer.n, column,
                       layer.dZ_panels + column * rows + row * panel_width(k, layer.n, column))


cdef inline int64_t panel_width(const Kernels[real] *k, int64_t n, int64_t column) noexcept nogil:
    """The width of the panel at `column` of n columns: whole registers."""
    return min(k.panel, tiles(n - column, k.lanes) * k.lanes)


cdef inline int64_t strip_bytes() noexcept nogil:
    """Of the strips of a gradient: an eighth of the L2 cache."""
    return L2_BYTES // 8


cdef inline int64_t strip_tiles(const Kernels[real] *k, int64_t n_out) noexcept nogil:
    """The tiles whose rows of dW[l] make a strip: some strip_bytes(), which stay in the L2 cache.

    More than one tile uses a panel of dZ[l] again, and makes one call of a narrow layer. The bits
    do not follow it.
    """
    return max(1, min(8, strip_bytes() // (k.tile_rows * n_out * <int64_t>sizeof(real))))


cdef inline int64_t strip_size(const Kernels[real] *k, int64_t n_out) noexcept nogil:
    """The numbers of a strip, of db after the last one, and a panel, for registers are stored whole."""
    return (strip_tiles(k, n_out) * k.tile_rows + 1) * n_out + k.panel


cdef real *strip_gradient(Run[real] *run, int l, int64_t rows, int64_t unit, int64_t units,
                          int thread) noexcept nogil:
    """A[l-1]^T dZ[l] for `units` rows of dW[l] from `unit`, one after another, in a buffer."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer = &run.layers[l]
    cdef int64_t i, at
    cdef real *strip = run.strip + thread * run.strip_size
    cdef real *A = NULL
    if layer.n < k.lanes and (l > 1 or run.layers[0].A == run.gathered):
        k.narrow_gradient(layer - 1, layer, rows, unit, units, strip)
        return strip
    if layer.dZ_panels != NULL:
        A = run.room + thread * run.room_size
        for i in range(tiles(units, k.tile_rows)):
            at = i * k.tile_rows
            k.pack_units(layer - 1, rows, unit + at, <int>min(k.tile_rows, units - at),
                         A + i * rows * k.packed_units)
    k.gradient(layer - 1, A, layer, rows, unit, units, strip)
    return strip


cdef void weight_gradients(Run[real] *run, real *dtheta, int64_t rows, bint accumulate,
                           int thread) noexcept nogil:
    """dW[l] (+)= A[l-1]^T dZ[l] in this thread's tiles, db[l] (+)= the column sums of dZ[l]."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    cdef int64_t unit, units, end, n_in
    cdef real *dW
    cdef real *strip
    cdef double largest = 0
    cdef int l
    for l in range(1, run.depth + 1):
        layer, n_in, dW = &run.layers[l], run.layers[l - 1].n, dtheta + run.W_at[l]
        unit = share_start(n_in, k.tile_rows, thread, run.threads)
        end = share_start(n_in, k.tile_rows, thread + 1, run.threads)
        while unit < end:
            units = min(strip_tiles(k, layer.n) * k.tile_rows, end - unit)
            strip = strip_gradient(run, l, rows, unit, units, thread)
            largest = max(largest, <double>k.add_gradient(
                strip, units * layer.n, accumulate, dW + unit * layer.n))
            unit += units
        if thread == run.threads - 1:
            largest = max(largest, <double>k.bias_gradient(layer, rows, accumulate,
                                                           dW + n_in * layer.n))
    run.magnitude[thread] = largest
    if not isfinite(largest):
        run.not_finite.store(True)


cdef void find_losses(Run[real] *run, const Targets[real] *targets, int64_t row, int64_t end,
                      int64_t rows, int thread) noexcept nogil:
    """Compute losses, and dZ[L] where it has a buffer, of rows row .. end of a chunk of `rows`."""
    cdef Layer[real] *top = &run.layers[run.depth]
    if run.loss_rule == LOSS_GIVEN:
        run.kernels.output[run.output](top, row, end - row)
        run.barrier.wait()
        if thread == 0:
            ask_for_losses(run, rows)
        run.barrier.wait()
        if top.dZ != NULL:
            run.kernels.output_slope[run.output](top, row, end - row)
    run.kernels.loss[run.loss_rule](top, targets, row, end - row)


cdef void differentiate_chunk(Run[real] *run, int64_t first, int64_t rows, double divisor,
                              int64_t first_row, int thread) noexcept nogil:
    """Compute A, dZ and losses of this thread's share of the data rows first ...

    `first_row` is their place in the mini-batch. The sums of the mini-batch are divided by
    `divisor`.
    """
    cdef int64_t row = share_start(rows, run.kernels.tile_rows, thread, run.threads)
    cdef int64_t end = share_start(rows, run.kernels.tile_rows, thread + 1, run.threads)
    if run.warp == NULL:
        load_features(run, first, row, end - row)
    else:
        load_augmented(run, first, row, end, thread)
    load_targets(run, first, row, end - row)
    forward_rows(run, row, end, first_row, thread)
    cdef Targets[real] targets = run.targets
    cdef real *none = NULL
    targets.scale, targets.error = <real>(1.0 / divisor), none
    find_losses(run, &targets, row, end, rows, thread)
    backward_rows(run, rows, row, end)


cdef void propagate_back(Run[real] *run, int64_t first, int64_t rows, int thread) noexcept nogil:
    """Compute dZ of this thread's share of the data rows first ... from their dJ/dA[L].

    The activations are there from the forward pass, unless it had more rows than a chunk: then
    they are computed again.
    """
    cdef Layer[real] *top = &run.layers[run.depth]
    cdef int64_t row = share_start(rows, run.kernels.tile_rows, thread, run.threads)
    cdef int64_t end = share_start(rows, run.kernels.tile_rows, thread + 1, run.threads)
    if run.rows > run.chunk_rows:
        load_features(run, first, row, end - row)
        forward_rows(run, row, end, run.first_row + first, thread)
        run.kernels.output[run.output](top, row, end - row)
    gather(run.dA, NULL, first + row, end - row, top.dZ + row * top.ld, top.ld)
    run.kernels.output_slope[run.output](top, row, end - row)
    backward_rows(run, rows, row, end)


cdef void write_input_gradient(Run[real] *run, int64_t first, int64_t rows,
                               int thread) noexcept nogil:
    """Copy dX of this thread's share of the data rows first ... to where the caller wants it."""
    cdef Layer[real] *x = &run.layers[0]
    cdef int64_t row = share_start(rows, run.kernels.tile_rows, thread, run.threads)
    cdef int64_t end = share_start(rows, run.kernels.tile_rows, thread + 1, run.threads)
    cdef int64_t i, j
    cdef real *to
    for i in range(row, end):
        to = run.dX + (first + i) * x.n
        memcpy(to, x.dZ + i * x.ld, x.n * sizeof(real))
        if run.dX_scale != NULL:
            for j in range(x.n):
                to[j] = <real>(to[j] * run.dX_scale[j])


cdef double sum_of_losses(Run[real] *run, int64_t rows) noexcept nogil:
    """The sum of the chunk's losses, by four sums, for an addition waits for the last."""
    cdef double first = 0, second = 0, third = 0, fourth = 0
    cdef const real *loss = run.targets.loss
    cdef int64_t i = 0
    while i + 4 <= rows:
        first += loss[i]
        second += loss[i + 1]
        third += loss[i + 2]
        fourth += loss[i + 3]
        i += 4
    while i < rows:
        first += loss[i]
        i += 1
    return (first + second) + (third + fourth)


cdef void add_losses(Run[real] *run, int64_t rows) noexcept nogil:
    """Add the chunk's losses to the run's."""
    cdef double loss = sum_of_losses(run, rows)
    run.loss += loss


cdef void add_errors(Run[real] *run, int64_t rows) noexcept nogil:
    """Add the chunk's errors to the run's, in the order of its rows."""
    cdef double error = 0
    cdef int64_t i
    for i in range(rows):
        error += run.targets.error[i]
    run.error += error
