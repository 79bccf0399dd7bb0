# Part of _kernels.pyx: the user's data in the form that the compiled core reads.


cdef double _largest_in_place(const Matrix *m, int64_t first, int64_t count) noexcept nogil:
    """The largest magnitude in rows that are readable in place."""
    cdef const char *at = m.values + first * m.row_stride
    if m.number == F64:
        return kernels[double](_variant).largest(<const double *>at, m.row_stride // 8, 0, count,
                                                 m.columns)
    return kernels[float](_variant).largest(<const float *>at, m.row_stride // 4, 0, count,
                                            m.columns)


cdef class Rows:
    """A matrix of any strides and dtype, whose rows can be gathered into a mini-batch.

    `values` is a two-dimensional array (m, n) of numbers in native byte order; or, with
    `row_starts` and `columns_of`, the stored values of a CSR matrix of `shape`.
    With `mean` and `scale`, contiguous float64 vectors (n,), the rows gathered are
    (x - mean) * scale.
    Nothing is copied. The buffers stay exported, so the arrays cannot be resized.
    """

    cdef Matrix matrix
    cdef Py_buffer buffers[5]
    cdef int held
    cdef double largest_mean, largest_scale

    def __cinit__(self, values, shape, row_starts=None, columns_of=None, *, mean=None,
                  scale=None):
        cdef Matrix *m = &self.matrix
        m.rows, m.columns = shape
        if m.rows < 0 or m.columns < 0:
            raise ValueError(f"shape must not be negative, got {shape}")
        self._hold(values, 2 if row_starts is None else 1)
        m.values, m.number = <const char *>self.buffers[0].buf, self._number()
        if row_starts is None:
            if self.buffers[0].shape[0] != m.rows or self.buffers[0].shape[1] != m.columns:
                raise ValueError("shape does not match the buffer")
            m.row_stride, m.column_stride = self.buffers[0].strides[0], self.buffers[0].strides[1]
        else:
            self._hold_csr(row_starts, columns_of)
        if mean is not None or scale is not None:
            self._hold_normalizer(mean, scale)

    cdef _hold_csr(self, row_starts, columns_of):
        cdef Matrix *m = &self.matrix
        m.stored = self.buffers[0].shape[0]
        self._hold(row_starts, 1)
        self._hold(columns_of, 1)
        m.index_bytes = <int>self.buffers[1].itemsize
        kinds = {self.buffers[i].format.decode().lstrip("@=^") for i in (1, 2)}
        if (not kinds <= {"i", "l", "q"} or m.index_bytes not in (4, 8)
                or self.buffers[2].itemsize != m.index_bytes
                or self.buffers[1].shape[0] != m.rows + 1 or self.buffers[2].shape[0] < m.stored):
            raise ValueError("malformed CSR arrays")
        m.row_starts = <const char *>self.buffers[1].buf
        m.columns_of = <const char *>self.buffers[2].buf

    cdef _hold_normalizer(self, mean, scale):
        cdef int at = self.held
        self._hold(mean, 1)
        self._hold(scale, 1)
        for i in (at, at + 1):
            if (self.buffers[i].format.decode().lstrip("@=^") != "d"
                    or self.buffers[i].shape[0] != self.matrix.columns):
                raise ValueError("expected mean and scale to be float64, one for each column")
            refuse_unaligned(self.buffers[i].buf, self.buffers[i].itemsize)
        self.matrix.mean = <const double *>self.buffers[at].buf
        self.matrix.scale = <const double *>self.buffers[at + 1].buf
        self.largest_mean = kernels[double](_variant).largest(
            self.matrix.mean, 0, 0, 1, self.matrix.columns)
        self.largest_scale = kernels[double](_variant).largest(
            self.matrix.scale, 0, 0, 1, self.matrix.columns)

    cdef _hold(self, array, int ndim):
        # A vector must be contiguous; a matrix may have any strides.
        PyObject_GetBuffer(array, &self.buffers[self.held],
                           PyBUF_FORMAT | (PyBUF_ND if ndim == 1 else PyBUF_STRIDED_RO))
        self.held += 1
        if self.buffers[self.held - 1].ndim != ndim:
            raise ValueError(f"expected {ndim} dimensions")

    cdef int _number(self) except -1:
        # An unaligned array of doubles has the format "=d": "d" alone would promise alignment.
        kind, size = self.buffers[0].format.decode().lstrip("@=^"), self.buffers[0].itemsize
        if kind in ("e", "f", "d"):
            return {2: F16, 4: F32, 8: F64}[size]
        if kind in ("b", "h", "i", "l", "q"):
            return {1: I8, 2: I16, 4: I32, 8: I64}[size]
        if kind in ("?", "B", "H", "I", "L", "Q"):
            return {1: U8, 2: U16, 4: U32, 8: U64}[size]
        raise TypeError(f"cannot read numbers of buffer format {kind!r}")

    def __dealloc__(self):
        for i in range(self.held):
            PyBuffer_Release(&self.buffers[i])

    @property
    def shape(self):
        return self.matrix.rows, self.matrix.columns

    def within(self, double low, double high, bint whole):
        """Whether every number is in [low, high] and, if `whole`, an integer. NaN is not."""
        cdef const Matrix *m = &self.matrix
        cdef int64_t columns = max(m.columns, 1), first = 0, count, i
        cdef int64_t at_once = max(1, min(m.rows, 4096 // columns))
        cdef double *x = <double *>calloc(at_once * columns, sizeof(double))
        cdef bint inside = True
        if x == NULL:
            raise MemoryError
        with nogil:
            while inside and first < m.rows:
                count = min(at_once, m.rows - first)
                gather[double](m, NULL, first, count, x, m.columns)
                for i in range(count * m.columns):
                    inside = inside and low <= x[i] <= high and (not whole or floor(x[i]) == x[i])
                first += count
            free(x)
        return inside

    def first_not_finite(self, int64_t first, int64_t count, bint double_precision):
        """The first of rows first .. first + count that is not finite in that precision, or -1."""
        cdef CoreMode mode
        cdef void *row = calloc(max(self.matrix.columns, 1), sizeof(double))
        cdef int64_t found
        if row == NULL:
            raise MemoryError
        if not 0 <= first <= self.matrix.rows or not 0 <= count <= self.matrix.rows - first:
            free(row)
            raise IndexError("rows out of range")
        if double_precision:
            number, size = F64, sizeof(double)
        else:
            number, size = F32, sizeof(float)
        cdef bint ready = lies_ready(&self.matrix, number, size), finite = False
        cdef double largest
        mode.enter()
        with nogil:
            if ready:
                largest = _largest_in_place(&self.matrix, first, count)
                finite = isfinite(largest)
                if self.matrix.scale != NULL and finite:   # a bound on the normalized numbers
                    largest = 2 * (largest + self.largest_mean) * self.largest_scale
                    finite = largest < (DBL_MAX if double_precision else FLT_MAX)
            if finite:
                found = -1
            elif double_precision:
                found = first_not_finite[double](&self.matrix, first, count, <double *>row)
            else:
                found = first_not_finite[float](&self.matrix, first, count, <float *>row)
            free(row)
        return found
