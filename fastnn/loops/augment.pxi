# Part of _kernels.pyx: the settings of augmentation, and augmented copies by themselves.


cdef int64_t LONGEST_SIDE = 1 << 20


cdef bint _write_copies(const Warp *warp, const Kernels[real] *k, const Matrix *X, uint64_t seed,
                        uint64_t epoch, int64_t first, int64_t count, real *out) noexcept nogil:
    """Augmented copies of rows first .. first + count. False if there is no memory."""
    cdef CoreMode mode
    cdef Placement place
    cdef int64_t i
    cdef real *scratch = <real *>calloc(scratch_size(warp), sizeof(real))
    if scratch == NULL:
        return False
    mode.enter()
    for i in range(count):
        gather(X, NULL, first + i, 1, out + i * X.columns, X.columns)
        draw(warp, seed, epoch, first + i, &place)
        k.augment(warp, &place, scratch, out + i * X.columns)
    free(scratch)
    return True


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
        cdef bint is_double = out.dtype.itemsize == 8, done
        cdef Array copies = contiguous(out, b"d" if is_double else b"f", 2, True)
        if (X.matrix.columns != self.columns or copies.columns != X.matrix.columns
                or not 0 <= first <= X.matrix.rows or copies.rows > X.matrix.rows - first):
            raise ValueError("the arguments of copies do not fit together")
        with nogil:
            if is_double:
                done = _write_copies(&self.warp, kernels[double](_variant), &X.matrix, seed, epoch,
                                     first, copies.rows, <double *>copies.first)
            else:
                done = _write_copies(&self.warp, kernels[float](_variant), &X.matrix, seed, epoch,
                                     first, copies.rows, <float *>copies.first)
        if not done:
            raise MemoryError("no memory to augment an image in")

    def placement(self, uint64_t seed, uint64_t epoch, int64_t row):
        """The random draws for one row of the data, and the map from result to source they give."""
        cdef Placement p
        draw(&self.warp, seed, epoch, row, &p)
        return {"flip": p.flipped, "angle": p.angle, "zoom": p.zoom,
                "shift": (p.shift_y, p.shift_x), "window": (p.top, p.left),
                "matrix": ((p.yy, p.yx), (p.xy, p.xx)), "offset": (p.y0, p.x0)}
