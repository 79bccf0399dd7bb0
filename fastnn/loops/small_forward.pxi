# Part of _kernels.pyx: output activations of a few rows, without the setup of a Session.


# Parameters times rows up to which the GIL is kept: some tens of microseconds.
cdef int64_t MOST_WORK_WITH_GIL = 1 << 20
# Parameters times rows beyond which more threads may be faster, and beyond which Ctrl-C would wait
# too long.
cdef int64_t MOST_WORK_SHARED = 3_000_000, MOST_WORK_ALONE = 1 << 28
# Buffers of up to so many bytes are kept from call to call.
cdef size_t MOST_BYTES_KEPT = 1 << 22


@cython.final
cdef class SmallForward(Architecture):
    """`forward` of a few rows on one thread, for which a Session takes too long to set up.

    Parameters
    ----------
    widths, activations, output, theta : as for Session, or a Packed in the place of theta
    mean, scale : as for Rows
    """

    cdef vector[double] mean, scale
    cdef vector[Layer[float]] f_layers
    cdef vector[Layer[double]] d_layers
    cdef Run[float] f
    cdef Run[double] d
    cdef Matrix matrix
    cdef char *block
    cdef int output, tile_rows, threads_before
    cdef int64_t rows_before
    cdef size_t bytes
    cdef double largest_mean, largest_scale
    cdef Py_buffer theta
    cdef Packed packed
    cdef object dtype, empty, array
    cdef bint is_double, held, running
    cdef bint gathers   # whether there is room for a copy of X
    cdef readonly object variant

    def __cinit__(self, widths, activations, int output, theta, mean=None, scale=None):
        cdef bint fits = self._describe(widths, activations, output)
        if isinstance(theta, Packed):
            self.packed = theta
            fits = fits and self.packed._fits(self)
            kind = "d" if self.packed.is_double else "f"
        else:
            PyObject_GetBuffer(theta, &self.theta, PyBUF_FORMAT | PyBUF_ND)
            self.held = True
            kind = self.theta.format.decode().lstrip("@=^")
            fits = (fits and kind in ("f", "d") and self.theta.ndim == 1
                    and self.theta.shape[0] == self.size)
        if not fits:
            raise ValueError("the arguments of a SmallForward do not fit together")
        if self.held:
            refuse_unaligned(self.theta.buf, self.theta.itemsize)
        self.is_double = kind == "d"
        self.output = output
        self.variant = variant
        if mean is not None or scale is not None:
            mean, scale = [float(x) for x in mean], [float(x) for x in scale]
            if not len(mean) == len(scale) == self.widths[0]:
                raise ValueError("the arguments of a SmallForward do not fit together")
            self.mean, self.scale = mean, scale
            self.largest_mean = max([abs(x) for x in mean])
            self.largest_scale = max([abs(x) for x in scale])
            self.matrix.mean, self.matrix.scale = self.mean.data(), self.scale.data()
        self.matrix.columns = self.widths[0]
        self.matrix.column_stride = sizeof(double) if self.is_double else sizeof(float)
        if self.is_double:
            self.d_layers.resize(self.widths.size())
            self.matrix.number = F64
            self._set_up[double](&self.d, self.d_layers.data(), kernels[double](_variant))
        else:
            self.f_layers.resize(self.widths.size())
            self.matrix.number = F32
            self._set_up[float](&self.f, self.f_layers.data(), kernels[float](_variant))
        self.dtype, self.empty, self.array = np.dtype(kind), np.empty, np.ndarray

    cdef _set_up(self, Run[real] *run, Layer[real] *layers, const Kernels[real] *k):
        run.kernels, run.layers, run.threads, self.tile_rows = k, layers, 1, k.tile_rows
        run.depth, run.output = <int>self.widths.size() - 1, self.output
        run.W_at, run.theta = self.offsets.data(), <real *>self.theta.buf
        if self.packed is not None:
            run.packed = <const real *>self.packed.panels
            run.packed_at = self.packed.offsets_packed.data()
        run.size = self.size
        run.X = &self.matrix
        run.barrier = new Barrier(1)

    def __dealloc__(self):
        free(self.block)
        del self.f.barrier
        del self.d.barrier
        if self.held:
            PyBuffer_Release(&self.theta)

    def forward(self, X, bint alone=False):
        """A[L] (rows, n[L]), or None where X needs the general way.

        X must be a plain array of finite numbers in the network's dtype, and small unless `alone`
        says that more threads would not help. They do not help with the rows of one tile.
        """
        cdef Py_buffer x, y
        cdef bint done = False
        if not self._takes(X, &x, self.size, alone):
            return None
        try:
            out = self.empty((x.shape[0], self.widths.back()), self.dtype)
            PyObject_GetBuffer(out, &y, PyBUF_ND)
            if self.is_double:
                done = self._outputs[double](&self.d, &x, <double *>y.buf)
            else:
                done = self._outputs[float](&self.f, &x, <float *>y.buf)
            PyBuffer_Release(&y)
        finally:
            PyBuffer_Release(&x)
        return out if done else None

    cdef bint _takes(self, X, Py_buffer *x, int64_t parameters, bint alone) except -1:
        """Open X for a pass over so many parameters. False, with nothing open, if it is no such X."""
        cdef int64_t most_work
        if type(X) is not self.array or X.dtype is not self.dtype:
            return False
        PyObject_GetBuffer(X, x, PyBUF_STRIDED_RO)
        # Threads share the rows in whole tiles.
        alone = alone or (x.ndim == 2 and x.shape[0] <= self.tile_rows)
        most_work = MOST_WORK_ALONE if alone else MOST_WORK_SHARED
        if (x.ndim != 2 or x.shape[0] < 1 or x.shape[1] != self.widths[0]
                or x.strides[1] != x.itemsize or x.strides[0] % x.itemsize
                or <size_t>x.buf % <size_t>x.itemsize
                or x.shape[0] > most_work // parameters):
            PyBuffer_Release(x)
            return False
        return True

    cdef bint _outputs(self, Run[real] *run, Py_buffer *x, real *out):
        cdef CoreMode mode
        mode.enter()
        if self.running:   # another thread uses the buffers
            return False
        if not self._accepts(run, x) or not self._prepare(run, &self.matrix):
            return False
        run.out = out
        if self.size * x.shape[0] <= MOST_WORK_WITH_GIL:
            evaluate_rows(run, 0)
            return True
        self.running = True
        with nogil:
            evaluate_rows(run, 0)
        self.running = False
        return True

    cdef bint _accepts(self, Run[real] *run, Py_buffer *x) noexcept:
        """Let `matrix` be the buffer X. False where a number in it is not finite."""
        self.matrix.values, self.matrix.rows = <char *>x.buf, x.shape[0]
        self.matrix.row_stride = x.strides[0]
        return self._fits(run.kernels.largest(<real *>x.buf, x.strides[0] // x.itemsize, 0,
                                              x.shape[0], self.widths[0]), sizeof(real) == 8)

    cdef bint _prepare(self, Run[real] *run, const Matrix *X):
        """Make ready for `evaluate_rows` of X. False if its buffers would be too large to keep."""
        run.X = X
        cdef bint roomy = (X.rows == self.rows_before and run.threads <= self.threads_before
                           and (self.gathers or in_place(run)))
        if not roomy and not self._make_room(run, X.rows):
            return False
        run.rows, run.next_row, run.deadline = X.rows, 0, INFINITY
        return True

    cdef bint _fits(self, double largest, bint double_precision) noexcept:
        """Whether numbers up to `largest` are finite, also once they are normalized."""
        if self.scale.size():
            largest = 2 * (largest + self.largest_mean) * self.largest_scale
            return largest < (DBL_MAX if double_precision else FLT_MAX)
        return isfinite(largest)

    cdef bint _make_room(self, Run[real] *run, int64_t rows):
        """Lay out buffers for so many rows. False if they would be too large to keep."""
        cdef size_t needed
        cdef char *block
        self.rows_before = 0
        run.chunk_rows = rows_at_once(self.widths.data(), run.depth, run.size, rows,
                                      run.kernels.tile_rows, INFERENCE_ROWS)
        needed = lay_out(run, <char *>NULL, self.widths.data(), self.activations.data(), False)
        if needed > self.bytes:
            block = <char *>calloc(needed + 64, 1) if needed < MOST_BYTES_KEPT else NULL
            if block == NULL:
                return False
            free(self.block)
            self.block, self.bytes = block, needed
        lay_out(run, self.block + (64 - <size_t>self.block % 64) % 64, self.widths.data(),
                self.activations.data(), False)
        self.rows_before, self.gathers = rows, not in_place(run)
        self.threads_before = run.threads
        return True
