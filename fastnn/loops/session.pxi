# Part of _kernels.pyx: Python's hold on the passes over a data set.


cdef class Session(Architecture):
    """The buffers of passes over `X` (and `y`) by one network; engine/passes.py uses it.

    Parameters
    ----------
    widths, activations, output : n[0] .. n[L]; codes of layers 0 .. L; code of the output
    theta : writable 1-D array, float32 or float64, in the layout W1, b1, W2, b2, ...; or a Packed,
        where there is no training
    X, y : Rows of m rows; y is None for `forward`. A softmax output takes labels or probabilities
    weight : None or 1-D float64 array (m,): u_i = w_i m / sum w
    batch_size : rows that `train` puts in a mini-batch (m for the other passes)
    threads : number of threads that the passes run on; it may be lowered later
    training : whether `train` or `differentiate` will be called
    inputs : whether the backward pass will go on to the input
    loss : None for that of the output; an object with the `address` of an OwnLoss of theta's
        dtype; or a function of (A, Y), copies of a whole mini-batch, that gives losses and dL/dA
    smoothing : share of every label that a softmax output's classes get alike
    """

    cdef Run[float] f
    cdef Run[double] d
    cdef Pass *run   # the one of them in use
    cdef bint is_double, training, running
    cdef int most_threads   # the buffers suffice for so many
    cdef int64_t given_columns   # of every y
    cdef BatchLoss batch_loss
    cdef Moments moments
    cdef object average, data, optimizer_vectors, pass_arrays   # kept alive: the run points into them
    cdef char *block
    cdef char *scratch   # of augmentation
    cdef Augmenter augmenter
    cdef vector[double] keep_prob, magnitude, layer_rates, max_norm
    cdef vector[Penalty] penalty
    cdef vector[Bounds] bounds
    cdef vector[Layer[float]] f_layers
    cdef vector[Layer[double]] d_layers

    def __cinit__(self, widths, activations, int output, theta, Rows X not None, Rows y, weight, *,
                  int64_t batch_size, int threads, bint training, bint inputs=False, loss=None,
                  double smoothing=0):
        cdef Array theta_at, weight_at = [NULL, X.matrix.rows, 1]
        cdef bint fits = self._describe(widths, activations, output)
        cdef Packed packed = None
        self.data = theta, X, y, weight, loss
        self.training, self.most_threads = training, threads
        if isinstance(theta, Packed):
            packed, theta_at = theta, [NULL, self.size, 1]
            fits = fits and packed._fits(self) and not training
            self.is_double = packed.is_double
        else:
            self.is_double = theta.dtype.itemsize == 8
            theta_at = self._vector(theta)
        if weight is not None:
            weight_at = contiguous(weight, b"d", 1)
        if (not fits or theta_at.rows != self.size or X.matrix.columns != self.widths[0]
                or not 1 <= threads <= 1024 or not 1 <= batch_size <= max(X.matrix.rows, 1)
                or (training and y is None) or not 0 <= smoothing < 1
                or (y is not None and y.matrix.rows != X.matrix.rows)
                or (y is not None and loss is None and y.matrix.columns != self.widths.back()
                    and (output != OUT_SOFTMAX or y.matrix.columns != 1))
                or (smoothing > 0 and (output != OUT_SOFTMAX or loss is not None))
                or weight_at.rows != X.matrix.rows):
            raise ValueError("the arguments of a Session do not fit together")
        self.run = <Pass *>&self.d if self.is_double else <Pass *>&self.f
        self.run.threads, self.run.batch_size, self.run.inputs = threads, batch_size, inputs
        self.run.depth, self.run.output = <int>self.widths.size() - 1, output
        self.run.W_at, self.run.size = self.offsets.data(), self.size
        self.run.X, self.run.rows = &X.matrix, X.matrix.rows
        self.run.y = &y.matrix if y is not None else NULL
        self.given_columns = y.matrix.columns if y is not None else 0
        self.run.weight = <const double *>weight_at.first
        self.run.loss_rule, self.run.smoothing = output, smoothing
        if loss is not None:
            self.run.loss_rule = LOSS_OWN if hasattr(loss, "address") else LOSS_GIVEN
        elif output == OUT_SOFTMAX and y is not None and (smoothing > 0 or y.matrix.columns > 1):
            self.run.loss_rule = LOSS_SOFT
        if self.run.loss_rule == LOSS_GIVEN:
            self.batch_loss = BatchLoss(loss)
            self.run.asks = <void *>self.batch_loss
        self.f.targets.output = self.d.targets.output = output
        if self.run.loss_rule == LOSS_OWN:
            set_own_loss(&self.f.targets, loss.address)
            set_own_loss(&self.d.targets, loss.address)
        if self.is_double:
            self.d_layers.resize(self.widths.size())
            self.d.layers, self.d.kernels = self.d_layers.data(), kernels[double](_variant)
            self._allocate[double](&self.d, theta_at)
        else:
            self.f_layers.resize(self.widths.size())
            self.f.layers, self.f.kernels = self.f_layers.data(), kernels[float](_variant)
            self._allocate[float](&self.f, theta_at)
        if packed is not None:
            self.run.packed_at = packed.offsets_packed.data()
            self.f.packed, self.d.packed = <float *>packed.panels, <double *>packed.panels
        self.magnitude.resize(threads)
        self.run.magnitude = self.magnitude.data()
        self.bounds.resize(threads * self.widths.size())
        self.run.bounds = self.bounds.data()
        self.run.barrier = new Barrier(threads)

    cdef Array _vector(self, array) except *:
        """A writable vector of theta's dtype."""
        return contiguous(array, b"d" if self.is_double else b"f", 1, True)

    cdef int _allocate(self, Run[real] *run, Array theta) except -1:
        run.theta = <real *>theta.first
        run.chunk_rows = rows_at_once(self.widths.data(), run.depth, run.size, run.batch_size,
                                      run.kernels.tile_rows,
                                      TRAINING_ROWS if self.training else INFERENCE_ROWS)
        if run.loss_rule == LOSS_GIVEN:
            run.chunk_rows = run.batch_size   # its function gets the whole of it
        cdef size_t needed = lay_out(run, <char *>NULL, self.widths.data(), self.activations.data(),
                                     self.training)
        self.block = <char *>zeroed(needed + 64, interrupted)
        if self.block == NULL:
            if PyErr_Occurred():
                return -1
            raise MemoryError(f"no {needed} bytes for the buffers of {run.chunk_rows} rows")
        lay_out(run, self.block + (64 - <size_t>self.block % 64) % 64, self.widths.data(),
                self.activations.data(), self.training)
        return 0

    def __dealloc__(self):
        free(self.block)
        free(self.scratch)
        if self.run != NULL:
            del self.run.barrier

    def set_dropout(self, keep_prob, uint64_t seed, uint64_t step=0):
        """Set keep_prob of layers 0 .. L-1, and the step at which the sequence of masks begins."""
        self._check_idle()
        keep_prob = [float(p) for p in keep_prob]
        if len(keep_prob) != self.run.depth or not all([0 < p <= 1 for p in keep_prob]):
            raise ValueError("one keep_prob in (0, 1] for each of the layers 0 .. L-1")
        self.keep_prob = keep_prob
        self.run.keep_prob, self.run.seed, self.run.step = self.keep_prob.data(), seed, step
        self.run.dropout = min(keep_prob) < 1

    cdef _set_augmentation(self, Run[real] *run, Augmenter augmenter):
        cdef int64_t numbers = scratch_size(&augmenter.warp)
        cdef char *scratch = <char *>calloc(numbers * self.most_threads, sizeof(real))
        if scratch == NULL:
            raise MemoryError(f"no {numbers} numbers for each of {self.most_threads} threads to "
                              "augment images in")
        free(self.scratch)
        self.scratch, self.augmenter = scratch, augmenter
        run.scratch, run.warp = <real *>scratch, &augmenter.warp

    def set_augmentation(self, Augmenter augmenter not None):
        """Let `train` and `differentiate` augment the rows of X, with the seed of set_dropout."""
        self._check_idle()
        if not self.training or augmenter.columns != self.widths[0]:
            raise ValueError("the arguments of set_augmentation do not fit the Session")
        if self.is_double:
            self._set_augmentation[double](&self.d, augmenter)
        else:
            self._set_augmentation[float](&self.f, augmenter)

    cdef void _set_vectors(self, Run[real] *run, Array gradient, Array first,
                           Array second) noexcept:
        run.gradient = <real *>gradient.first
        run.first, run.second = <real *>first.first, <real *>second.first
        # The moments may be those of an earlier fit.
        run.extremes.theta, run.extremes.step, run.extremes.rate = 0, 0, 0
        if run.first != NULL:
            run.extremes.step = run.kernels.largest(run.first, 0, 0, 1, run.size)
        if run.second != NULL:
            run.extremes.step = max(run.extremes.step, sqrt(
                <double>run.kernels.largest(run.second, 0, 0, 1, run.size)))

    def set_average(self, average, double decay, bint begun=False):
        """Let updates keep the moving average of theta in a vector, from the next one on.

        It begins with theta after the next update, or with its values if it has `begun`.
        """
        cdef Array at = self._vector(average)
        self._check_idle()
        if at.rows != self.size or not 0 <= decay < 1:
            raise ValueError("the arguments of set_average do not fit the Session")
        self.average = average
        self.f.average, self.d.average = <float *>at.first, <double *>at.first
        self.run.average_decay = decay
        self.run.average_from = <uint64_t>-1 if begun else self.run.step

    def set_layer_rates(self, layer_rates):
        """Set factors of the learning rates of layers 1 .. L; 0 freezes a layer."""
        self._check_idle()
        rates = [1.0, *(float(rate) for rate in layer_rates)]
        if len(rates) != <int>self.widths.size() or not all(0 <= r < INFINITY for r in rates):
            raise ValueError("layer_rates must be L numbers, finite and not negative")
        self.layer_rates = rates
        self.run.layer_rates, self.run.fastest_layer = self.layer_rates.data(), max(rates[1:])

    def set_max_norm(self, max_norm):
        """Set the largest norms of the columns of W[1] .. W[L]; infinity for no limit."""
        self._check_idle()
        norms = [INFINITY, *(float(norm) for norm in max_norm)]
        if len(norms) != <int>self.widths.size() or not all(norm > 0 for norm in norms):
            raise ValueError("max_norm must be L positive numbers")
        self.max_norm = norms
        self.run.max_norm = self.max_norm.data() if min(norms) < INFINITY else NULL

    def set_clipping(self, double norm, double value):
        """Clip each gradient to this global norm, or its components to this size; 0: neither."""
        self._check_idle()
        if not (0 <= norm < INFINITY and 0 <= value < INFINITY):
            raise ValueError("the limits of set_clipping must be finite and not negative")
        self.run.clip_norm, self.run.clip_value = norm, value

    def set_optimizer(self, int optimizer, settings, penalty, gradient, first, second,
                      bint constant_penalty=False):
        """Set the optimizer (code, settings, vectors) and (l2, l1) / m of layers 0 .. L.

        Where mini-batches have divisors, l2 and l1 are divided by these instead, unless
        `constant_penalty`.
        """
        cdef Pass *run = self.run
        cdef vector[Penalty] penalties
        cdef double beta1, beta2, epsilon, weight_decay
        cdef bint epsilon_hat
        cdef Array gradient_at, first_at = [NULL, self.size, 1], second_at = [NULL, self.size, 1]
        self._check_idle()
        beta1, beta2 = settings["beta1"], settings["beta2"]
        epsilon, weight_decay = settings["epsilon"], settings["weight_decay"]
        epsilon_hat = settings.get("epsilon_hat", False)
        penalties.resize(self.widths.size())
        penalty = [(float(l2), float(l1)) for l2, l1 in penalty]
        if (not 0 <= optimizer < OPTIMIZERS or not self.training
                or len(penalty) != <int>self.widths.size()
                or (first is None) != (optimizer in (GD, RMSPROP))
                or (second is None) != (optimizer not in (RMSPROP, ADAM))):
            raise ValueError("the arguments of set_optimizer do not fit the Session")
        gradient_at = self._vector(gradient)
        if first is not None:
            first_at = self._vector(first)
        if second is not None:
            second_at = self._vector(second)
        if not gradient_at.rows == first_at.rows == second_at.rows == self.size:
            raise ValueError("the arguments of set_optimizer do not fit the Session")
        for l, (l2, l1) in enumerate(penalty):
            penalties[l].l2, penalties[l].l1 = l2, l1
        # Nothing points into these before the call succeeds, nothing into the old ones after it.
        self.penalty = penalties
        run.penalty, run.constant_penalty = self.penalty.data(), constant_penalty
        run.optimizer, run.weight_decay, run.epsilon_hat = optimizer, weight_decay, epsilon_hat
        run.update.beta1, run.update.beta2, run.update.epsilon = beta1, beta2, epsilon
        if self.is_double:
            self._set_vectors[double](&self.d, gradient_at, first_at, second_at)
        else:
            self._set_vectors[float](&self.f, gradient_at, first_at, second_at)
        self.optimizer_vectors = gradient, first, second

    def set_data(self, Rows X not None, Rows y not None):
        """Read other rows from now on; False, and nothing has changed, if they do not fit.

        They have to be as many as those before, with as many columns, and without weights.
        """
        self._check_idle()
        if (self.data[3] is not None or X.matrix.columns != self.widths[0]
                or not X.matrix.rows == y.matrix.rows == self.run.rows
                or y.matrix.columns != self.given_columns):
            return False
        self.data = self.data[0], X, y, None, self.data[4]
        self.run.X, self.run.y = &X.matrix, &y.matrix
        return True

    def release_data(self):
        """Let go of X and y, which a caller may want to resize; `set_data` brings others."""
        self._check_idle()
        self.data = self.data[0], None, None, self.data[3], self.data[4]
        self.pass_arrays = None
        self.run.X = self.run.y = NULL

    def restart(self, uint64_t seed):
        """Begin anew at step 0 with moments of 0, and with this seed of set_dropout."""
        cdef size_t bytes = self.size * (sizeof(double) if self.is_double else sizeof(float))
        self._check_idle()
        if self.optimizer_vectors is None or self.average is not None:
            raise ValueError("restart needs set_optimizer, and no set_average")
        for vector in self.optimizer_vectors[1:]:
            if vector is not None:
                memset(self._vector(vector).first, 0, bytes)
        self.run.seed, self.run.step = seed, 0
        self.run.extremes.theta, self.run.extremes.step, self.run.extremes.rate = 0, 0, 0

    def start(self, index=None, rates=None, gradient=None, out=None, uint64_t epoch=0,
              divisors=None, int64_t batch=0):
        """Begin a pass at the first row.

        `train` takes index (the order of the rows), rates (one for each update), epoch, batch
        (the mini-batch to begin with) and divisors, which divide the sums over each mini-batch
        and lambda in the place of its number of rows. `differentiate` takes gradient, where
        dtheta goes; `evaluate` without y takes out, where A[L] goes.
        """
        cdef Array order = [NULL, 0, 0], rate = order, divisor = order, dtheta = order, A = order
        cdef Pass *run = self.run
        cdef int64_t m = run.rows, batches = tiles(m, run.batch_size)
        self._check_idle()
        if index is not None:
            order = contiguous(index, b"q", 1)
        if rates is not None:
            rate = contiguous(rates, b"d", 1)
        if divisors is not None:
            divisor = contiguous(divisors, b"d", 1)
        if gradient is not None:
            dtheta = self._vector(gradient)
        if out is not None:
            A = contiguous(out, b"d" if self.is_double else b"f", 2, True)
        # Without training there may be no buffer to gather rows in.
        if (run.X == NULL
                or (index is not None and (order.rows != m or not self.training))
                or (rates is not None and rate.rows != batches)
                or (divisors is not None and divisor.rows != batches)
                or not 0 <= batch <= batches
                or (gradient is not None and dtheta.rows != self.size)
                or (out is not None and (A.rows != m or A.columns != self.widths.back()))):
            raise ValueError("the arguments of start do not fit the Session")
        # Nothing points into these before the call succeeds, nothing into the old ones after it.
        run.batch, run.chunk, run.next_row, run.loss, run.error = batch, 0, 0, 0, 0
        run.index, run.rates = <const int64_t *>order.first, <const double *>rate.first
        run.divisors, run.training_loss, run.epoch = <const double *>divisor.first, 0, epoch
        run.not_finite.store(False)
        run.overflows.store(False)
        run.moments = NULL
        run.next = NULL
        self.f.dtheta, self.f.out = <float *>dtheta.first, <float *>A.first
        self.d.dtheta, self.d.out = <double *>dtheta.first, <double *>A.first
        self.pass_arrays = index, rates, gradient, out, divisors

    def _check_idle(self):
        if self.running:
            raise RuntimeError("another thread is using this Session")

    def train(self, double seconds):
        """Continue the epoch for about that long. False when it is finished or has failed."""
        if (self.optimizer_vectors is None or self.pass_arrays is None
                or self.pass_arrays[1] is None):
            raise ValueError("train needs set_optimizer and start(rates=...)")
        if self.is_double:
            run_pass[double](self, &self.d, train_epoch[double], seconds)
        else:
            run_pass[float](self, &self.f, train_epoch[float], seconds)
        return not self.failed and self.run.batch * self.run.batch_size < self.run.rows

    def differentiate(self, double seconds):
        """Continue with dtheta of the data part for about that long. False when finished."""
        if not self.training or self.pass_arrays is None or self.pass_arrays[2] is None:
            raise ValueError("differentiate needs training=True and start(gradient=...)")
        if self.is_double:
            run_pass[double](self, &self.d, differentiate_rows[double], seconds)
        else:
            run_pass[float](self, &self.f, differentiate_rows[float], seconds)
        return self.run.next_row < self.run.rows

    def evaluate(self, double seconds):
        """Continue with losses and errors, or outputs without y. False when finished."""
        if self.pass_arrays is None or (self.data[2] is None and self.pass_arrays[3] is None):
            raise ValueError("evaluate needs start(), and start(out=...) where there is no y")
        if self.is_double:
            run_pass[double](self, &self.d, evaluate_rows[double], seconds)
        else:
            run_pass[float](self, &self.f, evaluate_rows[float], seconds)
        return self.run.next_row < self.run.rows

    @property
    def loss(self):
        """The sum of u_i L_i over the rows so far."""
        return self.run.loss

    @property
    def training_loss(self):
        """With `divisors`: the sum of rows times J over the mini-batches so far.

        J of a mini-batch is that before its update, with the penalty.
        """
        return self.run.training_loss

    @property
    def error(self):
        """The sum of u_i times the error of each row so far."""
        return self.run.error

    @property
    def threads(self):
        """Threads that the next call runs on. The results do not depend on their number."""
        return self.run.threads

    @threads.setter
    def threads(self, int threads):
        self._check_idle()
        if not 1 <= threads <= self.most_threads:
            raise ValueError(f"a Session made for {self.most_threads} threads cannot use {threads}")
        self.run.threads = threads
        self.run.barrier.set_threads(threads)

    @property
    def rows(self):
        return self.run.rows

    @property
    def rows_trained(self):
        """Rows of this epoch so far, about: with those of an unfinished mini-batch."""
        return min(self.rows, self.batch * self.batch_size + self.chunk * self.chunk_rows)

    @property
    def chunk_rows(self):
        """The largest number of rows between two looks at the clock."""
        return self.run.chunk_rows

    @property
    def next_row(self):
        return self.run.next_row

    @property
    def batch(self):
        """The number of mini-batches of this epoch that have updated theta."""
        return self.run.batch

    @property
    def chunk(self):
        """Chunks of the next mini-batch whose gradients have been added: 0 between updates."""
        return self.run.chunk

    @property
    def step(self):
        """Updates so far."""
        return self.run.step

    @property
    def extremes(self):
        """The largest step and learning rate so far, from which overflows are foreseen.

        `set_optimizer` sets both to 0.
        """
        return self.run.extremes.step, self.run.extremes.rate

    @extremes.setter
    def extremes(self, extremes):
        self._check_idle()
        step, rate = (float(x) for x in extremes)
        if not (0 <= step < INFINITY and 0 <= rate < INFINITY):
            raise ValueError("extremes must be finite and not negative")
        self.run.extremes.step, self.run.extremes.rate = step, rate

    @property
    def batch_size(self):
        return self.run.batch_size

    @property
    def failed(self):
        """Whether the next update would not be finite. theta is then that of the last batch."""
        return self.overflowed or self.run.not_finite.load()

    @property
    def overflowed(self):
        """Whether the reason is that theta or a moment might leave the range of the dtype."""
        return self.run.overflows.load()


cdef int run_pass(Session session, Run[real] *run, void (*task)(Run[real] *, int) noexcept nogil,
                  double seconds) except -1:
    """Continue a pass for about that long, on all threads and without the GIL."""
    cdef bint ran
    session._check_idle()
    session.running = True
    with nogil:
        run.deadline = seconds_now() + seconds
        run.stop.store(False)
        ran = on_threads(task, run, run.threads)
    session.running = False
    if session.batch_loss is not None:
        session.batch_loss.raise_error()
    if not ran:
        raise RuntimeError(f"the system gave no {run.threads} threads; pass threads=1")
    return 0
