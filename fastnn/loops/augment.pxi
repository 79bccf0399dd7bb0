# Part of _kernels.pyx: augmented images, in a mini-batch and by themselves.


cdef int64_t LONGEST_SIDE = 1 << 20


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


cdef int _augment_copies(const Warp *warp, const Kernels[real] *k, Rows X, uint64_t seed,
                         uint64_t epoch, int64_t first, real[:, ::1] out) except -1:
    cdef Placement place
    cdef int64_t i, n = X.matrix.columns
    if (out.shape[1] != n or not 0 <= first <= X.matrix.rows
            or out.shape[0] > X.matrix.rows - first):
        raise ValueError("the arguments of copies do not fit together")
    if not out.shape[0]:
        return 0
    cdef real *scratch = <real *>calloc(scratch_size(warp), sizeof(real))
    if scratch == NULL:
        raise MemoryError
    with nogil:
        for i in range(out.shape[0]):
            gather(&X.matrix, NULL, first + i, 1, &out[i, 0], n)
            draw(warp, seed, epoch, first + i, &place)
            k.augment(warp, &place, scratch, &out[i, 0])
        free(scratch)
    return 0


@cython.final
cdef class Augmenter:
    """The settings of fastnn.augment.Images in the form that the compiled core reads.

    Parameters
    ----------
    shape : (height, width, channels); an image is a row, in C order
    flip : probability
    angle, zoom, shift : (low, high) in radians, factors, pixels
    crop : (height, width) of the window
    alpha, taps : elastic distortion; taps is float64 (2 radius + 1,), symmetric about the middle
    noise : standard deviation
    edge : whether pixels beyond the image are those of its edge, and not 0
    """

    cdef Warp warp
    cdef vector[float] float_taps
    cdef vector[double] double_taps

    def __cinit__(self, shape, double flip, angle, zoom, shift, crop, double alpha, taps,
                  double noise, bint edge):
        cdef Warp *w = &self.warp
        w.height, w.width, w.channels = shape
        w.flip, w.alpha, w.noise = flip, alpha, noise
        w.angle[0], w.angle[1] = angle
        w.zoom[0], w.zoom[1] = zoom
        w.shift[0], w.shift[1] = shift
        w.crop[0], w.crop[1] = crop
        w.fill = FILL_EDGE if edge else FILL_ZERO
        taps = [float(tap) for tap in taps]
        # Places in a plane are counted in 32 bits, coordinates are exact in float32.
        if (not 1 <= w.height <= LONGEST_SIDE or not 1 <= w.width <= LONGEST_SIDE
                or not 1 <= w.channels <= 1 << 30 or plane_size(w) >= 1 << 30
                or w.height * w.width >= (<int64_t>1 << 31) // w.channels
                or not 1 <= w.crop[0] <= w.height or not 1 <= w.crop[1] <= w.width
                or len(taps) % 2 == 0 or len(taps) > 2 * LONGEST_SIDE):
            raise ValueError("the arguments of an Augmenter do not fit together")
        w.radius = len(taps) // 2
        around = [0.0] * TAP_PADDING
        self.double_taps = around + taps + around
        self.float_taps = around + taps + around
        w.double_taps, w.float_taps = self.double_taps.data(), self.float_taps.data()

    @property
    def columns(self):
        return self.warp.height * self.warp.width * self.warp.channels

    def copies(self, Rows X not None, uint64_t seed, uint64_t epoch, int64_t first, out):
        """Write augmented copies of X[first : first + len(out)] to out, the same as `fit` makes."""
        if X.matrix.columns != self.columns:
            raise ValueError("the arguments of copies do not fit together")
        if out.dtype.itemsize == 8:
            _augment_copies[double](&self.warp, kernels[double](_variant), X, seed, epoch, first,
                                    out)
        else:
            _augment_copies[float](&self.warp, kernels[float](_variant), X, seed, epoch, first, out)

    def placement(self, uint64_t seed, uint64_t epoch, int64_t row):
        """The random draws for one row of the data, and the map from result to source they give."""
        cdef Placement p
        draw(&self.warp, seed, epoch, row, &p)
        return {"flip": p.flipped, "angle": p.angle, "zoom": p.zoom,
                "shift": (p.shift_y, p.shift_x), "window": (p.top, p.left),
                "matrix": ((p.yy, p.yx), (p.xy, p.xx)), "offset": (p.y0, p.x0)}
