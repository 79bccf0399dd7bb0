# Part of _kernels.pyx: passes over examples that come with each call.


cdef bint labels_fit(const Matrix *y, int64_t classes) noexcept nogil:
    """Whether all labels, which are int64, are in 0 .. classes - 1."""
    cdef int64_t i, label
    for i in range(y.rows):
        memcpy(&label, y.values + i * y.row_stride, sizeof(label))
        if not 0 <= label < classes:
            return False
    return True


cdef bint numbers_fit(const Matrix *m, real low, real high) noexcept nogil:
    """Whether all numbers, which are of the type `real`, are in [low, high]."""
    cdef int64_t i, j
    cdef real x
    for i in range(m.rows):
        for j in range(m.columns):
            memcpy(&x, m.values + i * m.row_stride + j * m.column_stride, sizeof(real))
            if not low <= x <= high:
                return False
    return True


@cython.final
cdef class StepSession(Session):
    """A Session that is told X and y by each call: steps, outputs and gradients, one at a time.

    The arguments are those of Session, with training=True and inputs=True. Its X and y only stand
    for the shapes: those of the largest call, and the normalizer. `weight` is a buffer for the
    weights of a call.

    A call takes X, y, dA and weights as plain arrays of float32 or float64, of any strides, and
    labels of int64. It answers None where they are something else or do not fit, and nothing has
    changed then. The caller finds out what is wrong, or passes them as Rows, which are not checked
    again.
    """

    cdef Matrix features, given, slopes
    cdef Py_buffer held[4]
    cdef int holding
    cdef double rate, divisor
    cdef double *weights
    cdef object dtype, single, double, label, array, empty, kept
    cdef readonly object variant
    cdef object attributes   # of the network: a dict, which has its lock
    cdef bint busy, locked
    cdef readonly int64_t kept_rows       # of the last forward pass; 0 once its activations are gone
    cdef readonly int64_t gradient_rows   # of the gradient for `update`; 0 once it is used

    def __cinit__(self, widths, activations, output, theta, Rows X not None, Rows y not None,
                  weight not None, **options):
        if not self.training or not self.run.inputs:
            raise ValueError("a StepSession is for training, with inputs")
        self.variant = variant
        self.weights = <double *>contiguous(weight, b"d", 1, True).first
        self.features = X.matrix
        self.run.X, self.run.y, self.run.dX_scale = &self.features, &self.given, X.matrix.scale
        self.run.divisors, self.run.rates = &self.divisor, &self.rate
        self.single, self.double, self.label = np.dtype("f"), np.dtype("d"), np.dtype(np.int64)
        self.dtype = self.double if self.is_double else self.single
        self.array, self.empty = np.ndarray, np.empty

    def start(self, **arguments):
        raise TypeError("a StepSession is told its rows by each call: start is of a Session")

    def set_data(self, X, y):
        raise TypeError("a StepSession is told its rows by each call: set_data is of a Session")

    def release_data(self):
        raise TypeError("a StepSession is told its rows by each call: release_data is of a Session")

    def set_lock(self, attributes):
        """Let an update hold the lock of the network with these attributes, as a FitLock does."""
        self.attributes = attributes

    cdef _enter(self, bint updates=False):
        # Here and not in Python, where Ctrl-C could come between the lock and its release.
        if self.busy:
            raise RuntimeError("another thread is using this trainer; make one for each thread, "
                               "of a network of its own")
        if updates and self.attributes is not None:
            if self.attributes.setdefault(FITTED_BY, self) is not self:
                raise RuntimeError("this network is being fitted already, by another thread, "
                                   "another trainer or a callback")
            self.locked = True
        self.busy = True

    cdef _leave(self):
        cdef int i
        if self.locked:
            self.locked = False
            del self.attributes[FITTED_BY]
        for i in range(self.holding):
            PyBuffer_Release(&self.held[i])
        self.holding = 0
        self.busy = False

    cdef bint _point(self, Matrix *m, array, int64_t columns, bint labels=False,
                     bint vector=False) except -1:
        """Let `m` read Rows, or a plain array of real numbers or labels. False if it is neither."""
        cdef Py_buffer *b = &self.held[self.holding]
        if type(array) is Rows:
            m[0] = (<Rows>array).matrix
            return m.columns == columns
        if type(array) is not self.array:
            return False
        dtype = array.dtype
        if labels:
            if dtype is not self.label:
                return False
            m.number = I64
        elif dtype is self.single:
            m.number = F32
        elif dtype is self.double:
            m.number = F64
        else:
            return False
        PyObject_GetBuffer(array, b, PyBUF_STRIDED_RO)
        self.holding += 1
        m.values = <const char *>b.buf
        m.columns_of = NULL
        if b.ndim == 2 and b.shape[1] == columns:
            m.column_stride = b.strides[1]
        elif vector and b.ndim == 1 and columns == 1:
            m.column_stride = b.itemsize
        else:
            return False
        m.rows, m.row_stride, m.columns = b.shape[0], b.strides[0], columns
        return True

    cdef bint _fit(self, const Matrix *m, double low=-INFINITY, double high=INFINITY):
        """Whether the numbers are in [low, high], and finite in the network's dtype."""
        cdef double largest = DBL_MAX if self.is_double else FLT_MAX
        low, high = max(low, -largest), min(high, largest)
        if m.number == F64:
            return numbers_fit[double](m, low, high)
        return numbers_fit[float](m, <float>max(low, -FLT_MAX), <float>min(high, FLT_MAX))

    cdef bint _take_features(self, X) except -1:
        cdef Rows template = self.data[1]
        cdef Matrix *m = &self.features
        cdef double largest
        if not self._point(m, X, self.widths[0]):
            return False
        if not 1 <= m.rows <= self.run.batch_size:
            return False
        if type(X) is Rows:
            return True
        m.mean, m.scale = template.matrix.mean, template.matrix.scale
        if not lies_ready(m, m.number, 8 if m.number == F64 else 4):
            return m.mean == NULL and self._fit(m)
        largest = _largest_in_place(m, 0, m.rows)
        if m.scale != NULL:   # a bound on the normalized numbers
            largest = 2 * (largest + template.largest_mean) * template.largest_scale
        return largest <= (DBL_MAX if self.is_double else FLT_MAX)

    cdef bint _take_targets(self, y) except -1:
        cdef Matrix *m = &self.given
        cdef double low = -INFINITY, high = INFINITY
        if self.run.loss_rule == LOSS_SOFT:   # a Rows of probabilities, which have been checked
            return (type(y) is Rows and self._point(m, y, self.given_columns)
                    and m.rows == self.features.rows)
        if self.run.loss_rule == OUT_SOFTMAX:
            return (self._point(m, y, 1, True, True)
                    and m.rows == self.features.rows
                    and (type(y) is Rows or labels_fit(m, self.widths.back())))
        if (not self._point(m, y, self.given_columns, False, True)
                or m.rows != self.features.rows):
            return False
        if type(y) is Rows:
            return True
        if self.run.loss_rule == OUT_SIGMOID:
            low, high = 0, 1
        elif self.run.loss_rule == OUT_EXP:
            low = 0
        return self._fit(m, low, high)

    cdef bint _take_weights(self, weight) except -1:
        """Copy the weights to the buffer; None are all 1."""
        cdef Matrix m
        self.run.weight = NULL
        self.f.targets.weight = NULL
        self.d.targets.weight = NULL
        if weight is None:
            return True
        if (type(weight) is not self.array or weight.ndim != 1
                or not self._point(&m, weight, 1, False, True)
                or m.rows != self.features.rows or not self._fit(&m)):
            return False
        m.mean = m.scale = NULL
        gather(&m, NULL, 0, m.rows, self.weights, <int64_t>1)
        self.run.weight = self.weights
        self.f.targets.weight, self.d.targets.weight = self.f.chunk_weight, self.d.chunk_weight
        return True

    cdef void _begin(self, int64_t rows, bint keeps, bint inputs):
        """Begin a pass over so many rows."""
        cdef Pass *run = self.run
        run.rows, run.keeps, run.inputs = rows, keeps, inputs
        run.batch, run.chunk, run.next_row = 0, 0, 0
        run.loss, run.error, run.training_loss = 0, 0, 0
        run.dA = NULL
        run.y = &self.given
        run.not_finite.store(False)
        run.overflows.store(False)
        self.f.dX = self.f.dtheta = NULL
        self.d.dX = self.d.dtheta = NULL

    cdef int _place_at(self, int64_t first_row, int64_t whole) except -1:
        """The rows of this call are those of the whole mini-batch from `first_row`."""
        if not 0 <= first_row <= whole - self.features.rows:
            raise ValueError(f"{self.features.rows} rows from row {first_row} are not in "
                             f"a mini-batch of {whole}")
        self.run.first_row = first_row
        return 0

    cdef int _differentiate(self) except -1:
        while True:
            if self.is_double:
                run_pass[double](self, &self.d, differentiate_rows[double], TURN)
            else:
                run_pass[float](self, &self.f, differentiate_rows[float], TURN)
            if self.run.next_row == self.run.rows:
                return 0
            PyErr_CheckSignals()

    cdef _allocate_inputs(self, int64_t rows):
        """An array for dX, where the next pass writes it."""
        cdef Array at
        dX = self.empty((rows, self.widths[0]), self.dtype)
        at = contiguous(dX, b"d" if self.is_double else b"f", 2, True)
        self.f.dX, self.d.dX = <float *>at.first, <double *>at.first
        return dX

    cdef int _set_gradient(self, gradient) except -1:
        """Let the next pass write dtheta there."""
        cdef Array at = self._vector(gradient)
        if at.rows != self.size:
            raise ValueError("the gradient is not as long as theta")
        self.f.dtheta, self.d.dtheta = <float *>at.first, <double *>at.first
        return 0

    def train_batch(self, X, y, weight, double rate):
        """J, with the penalty, and one update of theta; NaN if it was refused: see `failed`."""
        cdef int64_t rows
        self._enter(True)
        try:
            if not (self._take_features(X) and self._take_targets(y)
                    and self._take_weights(weight)):
                return None
            if self.optimizer_vectors is None:
                raise ValueError("train_batch needs set_optimizer")
            rows = self.features.rows
            self.kept_rows, self.gradient_rows = 0, 0
            self.rate, self.divisor = rate, rows
            self._begin(rows, False, False)
            while True:
                if self.is_double:
                    run_pass[double](self, &self.d, train_epoch[double], TURN)
                else:
                    run_pass[float](self, &self.f, train_epoch[float], TURN)
                if self.run.batch:
                    return self.run.training_loss / rows
                if self.failed:
                    return NAN
                PyErr_CheckSignals()
        finally:
            self._leave()

    def gradients(self, X, y, weight, gradient, bint inputs, int64_t first_row=0,
                  int64_t whole=0):
        """(mean of u_i L_i, dX or None) with the masks of `step`; `gradient` gets dtheta.

        Where these are rows of a larger mini-batch, `first_row` is their place in it, and `whole`
        its number of rows, which divides the sums.
        """
        cdef int64_t rows
        dX = None
        self._enter()
        try:
            if not (self._take_features(X) and self._take_targets(y)
                    and self._take_weights(weight)):
                return None
            rows = self.features.rows
            whole = whole or rows
            self._place_at(first_row, whole)
            self.kept_rows, self.gradient_rows, self.divisor = 0, 0, whole
            self._begin(rows, False, inputs)
            if gradient is not None:
                self._set_gradient(gradient)
            if inputs:
                dX = self._allocate_inputs(rows)
            self._differentiate()
            if gradient is not None:
                self.gradient_rows = whole
            return self.run.loss / whole, dX
        finally:
            self._leave()

    cdef _keep_features(self, Run[real] *run):
        """Copy X, which is read again by the backward pass."""
        cdef Matrix *m = &self.features
        cdef Array at
        if self.kept is None:
            self.kept = self.empty((self.run.batch_size, m.columns), self.dtype)
        at = contiguous(self.kept, b"d" if self.is_double else b"f", 2, True)
        gather(m, NULL, 0, m.rows, <real *>at.first, m.columns)
        m.number, m.values = F64 if self.is_double else F32, at.first
        m.columns_of = NULL
        m.column_stride, m.row_stride = sizeof(real), m.columns * <int64_t>sizeof(real)
        m.mean = m.scale = NULL

    def forward(self, X, int64_t first_row=0):
        """A[L] (rows, n[L]) with the masks of `step`. `backward` goes on from there.

        `first_row` is the place of the rows in a larger mini-batch, for their masks.
        """
        cdef Array A
        cdef int64_t rows
        self._enter()
        try:
            if not self._take_features(X):
                return None
            rows = self.features.rows
            self.kept_rows = 0
            self._place_at(first_row, first_row + rows)
            out = self.empty((rows, self.widths.back()), self.dtype)
            A = contiguous(out, b"d" if self.is_double else b"f", 2, True)
            if rows > self.run.chunk_rows:
                if self.is_double:
                    self._keep_features[double](&self.d)
                else:
                    self._keep_features[float](&self.f)
            self._begin(rows, True, False)
            self.run.y = NULL
            self.f.out, self.d.out = <float *>A.first, <double *>A.first
            while True:
                if self.is_double:
                    run_pass[double](self, &self.d, evaluate_rows[double], TURN)
                else:
                    run_pass[float](self, &self.f, evaluate_rows[float], TURN)
                if self.run.next_row == rows:
                    break
                PyErr_CheckSignals()
            self.kept_rows = rows
            return out
        finally:
            self._leave()

    def backward(self, dA, gradient, bint inputs):
        """True, or dX if `inputs`; `gradient` gets dtheta. dA is dJ/dA[L] of the forward pass."""
        cdef int64_t rows
        dX = True
        self._enter()
        try:
            rows = self.kept_rows
            if (rows == 0
                    or not self._point(&self.slopes, dA, self.widths.back(), False, True)
                    or self.slopes.rows != rows
                    or not (type(dA) is Rows or self._fit(&self.slopes))):
                return None
            self.gradient_rows = 0
            self._begin(rows, True, inputs)
            self.run.dA = &self.slopes
            self._set_gradient(gradient)
            if inputs:
                dX = self._allocate_inputs(rows)
            self._differentiate()
            self.gradient_rows = rows
            return dX
        finally:
            self._leave()

    def update(self, double rate, int64_t rows=0):
        """One update of theta by the optimizer's gradient. False if it was refused: see `failed`.

        The penalty is that of `rows`, or of the rows of the last backward pass.
        """
        self._enter(True)
        try:
            if rows > 0:
                self.gradient_rows = rows
            if self.gradient_rows == 0 or self.optimizer_vectors is None:
                return None
            self.rate = rate
            self._begin(self.gradient_rows, False, False)
            if self.is_double:
                run_pass[double](self, &self.d, apply_gradient[double], TURN)
            else:
                run_pass[float](self, &self.f, apply_gradient[float], TURN)
            if self.failed:
                return False
            self.kept_rows, self.gradient_rows = 0, 0
            return True
        finally:
            self._leave()
