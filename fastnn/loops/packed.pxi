# Part of _kernels.pyx: weights that do not change, in the order in which products read them.


cdef class Packed(Architecture):
    """A copy of W and b of every layer in panels, which passes without updates take as theta.

    It never changes, so that any number of passes may read it at once.

    Parameters
    ----------
    widths, activations, output, theta : as for Session; theta is only read
    """

    cdef char *block
    cdef char *panels   # in the block, from a cache line on
    cdef vector[int64_t] offsets_packed   # (L + 1,)
    cdef bint is_double
    cdef readonly object variant

    def __cinit__(self, widths, activations, int output, theta):
        cdef bint fits = self._describe(widths, activations, output)
        cdef Array theta_at
        self.variant, self.is_double = variant, theta.dtype.itemsize == 8
        theta_at = contiguous(theta, b"d" if self.is_double else b"f", 1)
        if not fits or theta_at.rows != self.size:
            raise ValueError("the arguments of a Packed do not fit together")
        if self.is_double:
            self._pack[double](kernels[double](_variant), <const double *>theta_at.first)
        else:
            self._pack[float](kernels[float](_variant), <const float *>theta_at.first)

    cdef int _pack(self, const Kernels[real] *k, const real *theta) except -1:
        cdef int64_t size = 0, n_in, n, j
        cdef size_t bytes
        cdef real *to
        cdef int l
        self.offsets_packed.resize(self.widths.size())
        for l in range(1, <int>self.widths.size()):
            self.offsets_packed[l] = size
            size += (self.widths[l - 1] + 1) * tiles(self.widths[l], k.lanes) * k.lanes
        bytes = size * sizeof(real)
        self.block = <char *>zeroed(bytes + 64, interrupted)
        if self.block == NULL:
            if PyErr_Occurred():
                return -1
            raise MemoryError(f"no {bytes} bytes for the packed weights")
        self.panels = self.block + (64 - <size_t>self.block % 64) % 64
        for l in range(1, <int>self.widths.size()):
            n_in, n = self.widths[l - 1] + 1, self.widths[l]   # with the row of b
            to = <real *>self.panels + self.offsets_packed[l]
            for j in range(tiles(n, k.panel)):
                k.pack(theta + self.offsets[l], n, n_in, n, j * k.panel, to + j * k.panel * n_in)
        return 0

    cdef int _unpack(self, const Kernels[real] *k, real *theta) except -1:
        cdef int64_t n_in, n, j, column, width, count, row
        cdef const real *panel
        cdef int l
        for l in range(1, <int>self.widths.size()):
            n_in, n = self.widths[l - 1] + 1, self.widths[l]
            for j in range(tiles(n, k.panel)):
                column = j * k.panel
                width, count = panel_width(k, n, column), min(k.panel, n - column)
                panel = <const real *>self.panels + self.offsets_packed[l] + column * n_in
                for row in range(n_in):
                    memcpy(theta + self.offsets[l] + row * n + column, panel + row * width,
                           count * sizeof(real))
        return 0

    def unpacked(self):
        """theta, a new array."""
        theta = np.empty(self.size, np.float64 if self.is_double else np.float32)
        cdef Array at = contiguous(theta, b"d" if self.is_double else b"f", 1, True)
        # The panels are those of the variant that was in use when they were packed.
        if self.is_double:
            self._unpack[double](kernels[double](_index(self.variant)), <double *>at.first)
        else:
            self._unpack[float](kernels[float](_index(self.variant)), <float *>at.first)
        return theta

    cdef bint _fits(self, Architecture pass_over) noexcept:
        """Whether these are the layers of a pass that begins now."""
        return (self.variant is variant and self.widths == pass_over.widths)

    def __dealloc__(self):
        free(self.block)
