# Part of _kernels.pyx: output activations of a few rows, with nothing to set up.


# Parameters times rows for which the GIL may be kept: some tens of microseconds.
cdef int64_t LONG_HELD = 1 << 20


@cython.final
cdef class Shortcut:
    """`forward` for a few rows: a Session would take longer to set up than they take themselves.

    Parameters
    ----------
    widths, activations, output, theta : as for Session
    mean, scale : as for Rows
    """

    cdef vector[int64_t] widths
    cdef vector[int] activations
    cdef vector[float] f_rows
    cdef vector[double] d_rows, mean, scale
    cdef int output
    cdef int64_t padded
    cdef Py_buffer theta
    cdef object dtype, empty, array
    cdef bint is_double, held

    def __cinit__(self, widths, activations, int output, theta, mean=None, scale=None):
        widths, activations = [int(n) for n in widths], [int(code) for code in activations]
        size = sum((n_in + 1) * n_out for n_in, n_out in zip(widths, widths[1:]))
        PyObject_GetBuffer(theta, &self.theta, PyBUF_FORMAT | PyBUF_ND)
        self.held = True
        kind = self.theta.format.decode()
        if (kind not in ("f", "d") or self.theta.ndim != 1 or self.theta.shape[0] != size
                or len(widths) < 2 or min(widths) < 1 or len(activations) != len(widths)
                or not 0 <= output < OUTPUTS
                or not all(0 <= code < ACTIVATIONS for code in activations)):
            raise ValueError("the arguments of a Shortcut do not fit together")
        self.is_double = kind == "d"
        self.widths, self.activations, self.output = widths, activations, output
        if mean is not None or scale is not None:
            mean, scale = [float(x) for x in mean], [float(x) for x in scale]
            if not len(mean) == len(scale) == widths[0]:
                raise ValueError("the arguments of a Shortcut do not fit together")
            self.mean, self.scale = mean, scale
        self.padded = (max(widths) + 63) // 64 * 64
        if self.is_double:
            self.d_rows.resize(2 * self.padded)
        else:
            self.f_rows.resize(2 * self.padded)
        self.dtype, self.empty, self.array = np.dtype(kind), np.empty, np.ndarray

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.theta)

    def forward(self, X):
        """A[L] (rows, n[L]), or None where X is not a small, plain array of finite numbers of the
        network's own dtype: then there is more to do, or to say, than is done here."""
        cdef Py_buffer x, y
        cdef bint finite = False
        if type(X) is not self.array or X.dtype is not self.dtype:
            return None
        PyObject_GetBuffer(X, &x, PyBUF_STRIDED_RO)
        try:
            if (x.ndim != 2 or not 1 <= x.shape[0] <= 4 or x.shape[1] != self.widths[0]
                    or x.strides[1] != x.itemsize or x.strides[0] % x.itemsize
                    or <size_t>x.buf % <size_t>x.itemsize
                    or self.theta.shape[0] * x.shape[0] > LONG_HELD):
                return None
            out = self.empty((x.shape[0], self.widths.back()), self.dtype)
            PyObject_GetBuffer(out, &y, PyBUF_ND)
            # The rows' buffers are the object's: no other thread runs while they are in use.
            if self.is_double:
                finite = self._forward[double](&self.d_rows[0], kernels[double](_variant),
                                               <char *>x.buf, x.strides[0], x.shape[0],
                                               <double *>y.buf)
            else:
                finite = self._forward[float](&self.f_rows[0], kernels[float](_variant),
                                              <char *>x.buf, x.strides[0], x.shape[0],
                                              <float *>y.buf)
            PyBuffer_Release(&y)
        finally:
            PyBuffer_Release(&x)
        return out if finite else None

    cdef bint _forward(self, real *buffers, const Kernels[real] *k, const char *X, int64_t stride,
                       int64_t rows, real *out) noexcept:
        cdef Layer[real] top
        cdef const real *below
        cdef real *W
        cdef real *A
        cdef int64_t r, n_in, n_out = self.widths.back()
        cdef size_t l, last = self.widths.size() - 1
        for r in range(rows):
            below, W = <const real *>(X + r * stride), <real *>self.theta.buf
            if self.scale.size():   # into the buffer that layer 1 does not write to
                normalize_row(below, self.mean.data(), self.scale.data(), self.widths[0], buffers)
                below = buffers
            if not isfinite(k.largest(below, 0, 0, 1, self.widths[0])):
                return False
            for l in range(1, last + 1):
                n_in, n_out = self.widths[l - 1], self.widths[l]
                A = buffers + (l % 2) * self.padded
                k.forward_row(below, n_in, W, n_out, self.activations[l], A)
                below, W = A, W + (n_in + 1) * n_out
            top.A, top.n, top.ld = A, n_out, self.padded
            k.output[self.output](&top, 0, 1)
            memcpy(out + r * n_out, A, n_out * sizeof(real))
        return True
