# Part of _kernels.pyx: the memory of a pass.


cdef int64_t rows_at_once(const int64_t *widths, int depth, int64_t parameters, int64_t rows,
                          int64_t tile_rows, int64_t least) noexcept nogil:
    """The rows of a chunk, in whole tiles unless one chunk holds all rows.

    At least `least` rows use each weight often. No more than keep 131,072 activations and as many
    derivatives in the L2 cache: 1 MB in float32. This does not follow the size of that cache, for
    then the bits would follow it too. A chunk also takes well under 200 ms, the time within which
    Ctrl-C must act.
    """
    cdef int64_t units = 0, most, chunks
    cdef int l
    for l in range(depth + 1):
        units += widths[l]
    most = max(least, min(4096, (1 << 17) // units))
    most = min(most, max(16, 800_000_000 // parameters))
    chunks = max(1, tiles(rows, most))
    return max(1, min(rows, tiles(tiles(rows, chunks), tile_rows) * tile_rows))


# The gradient of a chunk of training goes through memory, unless the chunk is a whole mini-batch.
cdef int64_t TRAINING_ROWS = 512, INFERENCE_ROWS = 256


cdef real *next_buffer(char *block, size_t *used, int64_t count, real *like) noexcept nogil:
    """The next `count` numbers of the block, from a new cache line on."""
    used[0] = (used[0] + 63) // 64 * 64
    cdef real *at = <real *>(block + used[0])
    used[0] += count * sizeof(real)
    return at


cdef inline int64_t row_stride(int64_t width, int64_t size) noexcept nogil:
    """The stride of rows of `width` numbers of `size` bytes.

    Rows a power of two apart would share a few sets of a cache, and evict each other from it. An
    odd number of cache lines spreads them over all sets.
    """
    cdef int64_t line = 64 // size
    return width + line if width * size >= 512 and width % (2 * line) == 0 else width


cdef size_t lay_out(Run[real] *run, char *block, const int64_t *widths, const int *activations,
                    bint training) noexcept nogil:
    """Point every buffer of the run into `block`. Returns its size; to ask for that, pass null."""
    cdef int64_t lanes = run.kernels.lanes, panel = run.kernels.panel, rows = run.chunk_rows
    cdef int64_t width, below = 0   # of whole registers
    cdef int64_t strip = 0, room = 0
    cdef Layer[real] *layer
    cdef size_t used = 0
    cdef real *none = NULL
    cdef int l
    for l in range(run.depth + 1):
        layer = &run.layers[l]
        layer.n, width = widths[l], tiles(widths[l], lanes) * lanes
        layer.ld = row_stride(width, sizeof(real))
        layer.activation = activations[l]
        layer.dropout = make_dropout(0, 0, l, 1.0)
        if l > 0 or training or not in_place(run):
            layer.A = next_buffer(block, &used, rows * layer.ld, none)
        else:
            layer.A = NULL   # not the X of an earlier call: no rows may be gathered into it
        if l == 0:
            run.gathered, run.gathered_ld = layer.A, layer.ld
            below = width
            if run.inputs:
                layer.dZ = next_buffer(block, &used, rows * layer.ld, none)
            continue
        room = max(room, (widths[l - 1] + 1) * min(width, panel))
        if training:
            layer.dZ = next_buffer(block, &used, rows * layer.ld, none)
            if slope_needs_z(layer.activation):
                layer.Z = next_buffer(block, &used, rows * layer.ld, none)
            if l >= lowest_backward(run):
                layer.Wt_panels = next_buffer(block, &used, layer.n * below, none)
            strip = max(strip, strip_size(run.kernels, layer.n))
            if packs_gradient(widths[l - 1], layer.n, panel):
                layer.dZ_panels = next_buffer(block, &used, rows * width, none)
                room = max(room, strip_tiles(run.kernels, layer.n) * rows
                           * run.kernels.packed_units)
        below = width
    run.strip_size, run.room_size = tiles(strip, 64) * 64, tiles(room, 64) * 64
    run.strip = next_buffer(block, &used, run.threads * run.strip_size, none)
    run.room = next_buffer(block, &used, run.threads * run.room_size, none)
    if run.y != NULL:
        run.targets.loss = next_buffer(block, &used, rows, none)
        run.targets.error = next_buffer(block, &used, rows, none)
        run.labels = <int32_t *>next_buffer(block, &used, rows, none)
        run.targets.labels = run.labels
        run.targets.ldy = widths[run.depth]
        if run.loss_rule == LOSS_OWN or run.loss_rule == LOSS_GIVEN:
            run.targets.ldy = run.y.columns
        if run.loss_rule != OUT_SOFTMAX:
            run.Y = next_buffer(block, &used, rows * run.targets.ldy, none)
            run.targets.Y = run.Y
        if run.weight != NULL:
            run.chunk_weight = next_buffer(block, &used, rows, none)
            run.targets.weight = run.chunk_weight
    return used
