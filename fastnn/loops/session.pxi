# Part of _kernels.pyx: Python's hold on the passes over a data set.


@cython.final
cdef class Session:
    """The buffers of passes over `X` (and `y`) by one network; engine/passes.py uses it.

    Parameters
    ----------
    widths, activations, output : n[0] .. n[L]; codes of layers 0 .. L; code of the output
    theta : writable 1-D array, float32 or float64, in the layout W1, b1, W2, b2, ...
    X, y : Rows of m rows; y is None for `forward`
    weight : None or 1-D float64 array (m,): u_i = w_i m / sum w
    batch_size : rows that `train` puts in a mini-batch (m for the other passes)
    threads : number of threads that the passes run on; it may be lowered later
    training : whether `train` or `differentiate` will be called
    """

    cdef Run[float] f
    cdef Run[double] d
    cdef bint is_double, training, running
    cdef int most_threads   # the buffers suffice for so many
    cdef object data, optimizer_vectors, pass_arrays   # kept alive: the runs point into them
    cdef char *block
    cdef char *scratch   # of augmentation
    cdef Augmenter augmenter
    cdef vector[int64_t] widths, offsets
    cdef vector[int] activations
    cdef vector[double] keep_prob, magnitude
    cdef vector[Penalty] penalty
    cdef vector[Bounds] bounds
    cdef vector[Layer[float]] f_layers
    cdef vector[Layer[double]] d_layers

    def __cinit__(self, widths, activations, int output, theta, Rows X not None, Rows y, weight, *,
                  int64_t batch_size, int threads, bint training):
        # Copies: the caller cannot change their length between check and use.
        widths, activations = [int(n) for n in widths], [int(code) for code in activations]
        self.widths, self.activations = widths, activations
        self.data = theta, X, y, weight
        self.training, self.most_threads = training, threads
        self.is_double = theta.dtype.itemsize == 8
        size = 0
        self.offsets.push_back(0)   # layer 0 has no weights
        for n_in, n_out in zip(widths, widths[1:]):
            self.offsets.push_back(size)
            size += (n_in + 1) * n_out
        if (len(widths) < 2 or min(widths) < 1 or len(activations) != len(widths)
                or theta.shape != (size,) or X.matrix.columns != widths[0]
                or not 1 <= threads <= 1024
                or not 0 <= output < OUTPUTS or not 1 <= batch_size <= max(X.matrix.rows, 1)
                or not all(0 <= code < ACTIVATIONS for code in activations)
                or (training and y is None)
                or (y is not None and y.matrix.rows != X.matrix.rows)
                or (y is not None and y.matrix.columns
                    != (1 if output == OUT_SOFTMAX else widths[len(widths) - 1]))
                or (weight is not None and weight.shape != (X.matrix.rows,))):
            raise ValueError("the arguments of a Session do not fit together")
        if self.is_double:
            self.d_layers.resize(len(widths))
            self._set_up[double](&self.d, self.d_layers.data(), kernels[double](_variant), theta, X,
                                 y, weight, output, batch_size, threads, size)
        else:
            self.f_layers.resize(len(widths))
            self._set_up[float](&self.f, self.f_layers.data(), kernels[float](_variant), theta, X,
                                y, weight, output, batch_size, threads, size)

    cdef _set_up(self, Run[real] *run, Layer[real] *layers, const Kernels[real] *k, real[::1] theta,
                 Rows X, Rows y, const double[::1] weight, int output, int64_t batch_size,
                 int threads, int64_t size):
        if theta.shape[0] != size or (weight is not None and weight.shape[0] != X.matrix.rows):
            raise ValueError("the arguments of a Session do not fit together")
        run.kernels, run.layers, run.threads = k, layers, threads
        run.depth, run.output = <int>self.widths.size() - 1, output
        run.W_at, run.theta, run.size = self.offsets.data(), &theta[0], size
        run.X, run.rows = &X.matrix, X.matrix.rows
        run.y = &y.matrix if y is not None else NULL
        run.weight = &weight[0] if weight is not None and run.rows else NULL
        run.batch_size = batch_size
        run.chunk_rows = rows_at_once(self.widths, batch_size, k.tile_rows,
                                      TRAINING_NUMBERS if self.training else INFERENCE_NUMBERS)
        cdef size_t needed = lay_out(run, <char *>NULL, self.widths.data(), self.activations.data(),
                                     self.training)
        self.block = <char *>zeroed(needed + 64)
        if self.block == NULL:
            raise MemoryError(f"no {needed} bytes for the buffers of {run.chunk_rows} rows")
        lay_out(run, self.block + (64 - <size_t>self.block % 64) % 64, self.widths.data(),
                self.activations.data(), self.training)
        self.magnitude.resize(threads)
        run.magnitude = self.magnitude.data()
        self.bounds.resize(threads * self.widths.size())
        run.bounds = self.bounds.data()
        run.barrier = new Barrier(threads)

    def __dealloc__(self):
        free(self.block)
        free(self.scratch)
        del self.f.barrier
        del self.d.barrier

    cdef _set_dropout(self, Run[real] *run, uint64_t seed, uint64_t step):
        run.keep_prob, run.seed, run.step = self.keep_prob.data(), seed, step
        run.dropout = False
        for p in self.keep_prob:
            run.dropout |= p < 1

    def set_dropout(self, keep_prob, uint64_t seed, uint64_t step=0):
        """Set keep_prob of layers 0 .. L-1, and the step at which the sequence of masks begins."""
        self._check_idle()
        keep_prob = [float(p) for p in keep_prob]
        if len(keep_prob) != <int>self.widths.size() - 1 or not all(0 < p <= 1 for p in keep_prob):
            raise ValueError("one keep_prob in (0, 1] for each of the layers 0 .. L-1")
        self.keep_prob = keep_prob
        if self.is_double:
            self._set_dropout[double](&self.d, seed, step)
        else:
            self._set_dropout[float](&self.f, seed, step)

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

    cdef int _set_optimizer(self, Run[real] *run, int optimizer, Update update, real[::1] gradient,
                            real[::1] first, real[::1] second) except -1:
        if (gradient.shape[0] != run.size or (first is not None and first.shape[0] != run.size)
                or (second is not None and second.shape[0] != run.size)):
            raise ValueError("the arguments of set_optimizer do not fit the Session")
        run.optimizer, run.update, run.weight_decay = optimizer, update, update.weight_decay
        run.penalty, run.gradient = self.penalty.data(), &gradient[0]
        run.first = &first[0] if first is not None else NULL
        run.second = &second[0] if second is not None else NULL
        # The moments may be those of an earlier fit.
        run.extremes.theta, run.extremes.step, run.extremes.rate = 0, 0, 0
        if first is not None:
            run.extremes.step = run.kernels.largest(run.first, 0, 0, 1, run.size)
        if second is not None:
            run.extremes.step = max(run.extremes.step,
                                 sqrt(<double>run.kernels.largest(run.second, 0, 0, 1, run.size)))
        return 0

    def set_optimizer(self, int optimizer, settings, penalty, gradient, first, second):
        """Set the optimizer (code, settings, vectors) and (l2, l1) / m of layers 0 .. L."""
        cdef Update update
        cdef vector[Penalty] penalties
        self._check_idle()
        update.beta1, update.beta2 = settings["beta1"], settings["beta2"]
        update.epsilon, update.weight_decay = settings["epsilon"], settings["weight_decay"]
        penalties.resize(self.widths.size())
        penalty = [(float(l2), float(l1)) for l2, l1 in penalty]
        if (not 0 <= optimizer < OPTIMIZERS or not self.training
                or len(penalty) != <int>self.widths.size()
                or (first is None) != (optimizer in (GD, RMSPROP))
                or (second is None) != (optimizer not in (RMSPROP, ADAM))):
            raise ValueError("the arguments of set_optimizer do not fit the Session")
        for l, (l2, l1) in enumerate(penalty):
            penalties[l].l2, penalties[l].l1 = l2, l1
        self.penalty = penalties
        # Nothing points into these before the call succeeds, nothing into the old ones after it.
        if self.is_double:
            self._set_optimizer[double](&self.d, optimizer, update, gradient, first, second)
        else:
            self._set_optimizer[float](&self.f, optimizer, update, gradient, first, second)
        self.f.epsilon_hat = self.d.epsilon_hat = settings.get("epsilon_hat", False)
        self.optimizer_vectors = gradient, first, second

    cdef int _start(self, Run[real] *run, const int64_t[::1] index, const double[::1] rates,
                    real[::1] gradient, real[:, ::1] out, const double[::1] divisors,
                    int64_t batch) except -1:
        cdef int64_t m = run.rows
        # Without training there may be no buffer to gather rows in.
        if ((index is not None and (index.shape[0] != m or not self.training))
                or (rates is not None and rates.shape[0] != tiles(m, run.batch_size))
                or (divisors is not None and divisors.shape[0] != tiles(m, run.batch_size))
                or not 0 <= batch <= tiles(m, run.batch_size)
                or (gradient is not None and gradient.shape[0] != run.size)
                or (out is not None and (out.shape[0] != m or out.shape[1] != self.widths.back()))):
            raise ValueError("the arguments of start do not fit the Session")
        run.batch, run.chunk, run.next_row, run.loss, run.error = batch, 0, 0, 0, 0
        run.index = &index[0] if index is not None and m else NULL
        run.rates = &rates[0] if rates is not None and m else NULL
        run.divisors = &divisors[0] if divisors is not None and m else NULL
        run.training_loss = 0
        run.dtheta = &gradient[0] if gradient is not None else NULL
        run.out = &out[0, 0] if out is not None and m else NULL
        run.not_finite.store(False)
        run.overflows.store(False)
        return 0

    def start(self, index=None, rates=None, gradient=None, out=None, uint64_t epoch=0,
              divisors=None, int64_t batch=0):
        """Begin a pass at the first row.

        `train` takes index (the order of the rows), rates (one for each update), epoch, batch
        (the mini-batch to begin with) and divisors, which divide the sums over each mini-batch
        and lambda in the place of its number of rows. `differentiate` takes gradient, where
        dtheta goes; `evaluate` without y takes out, where A[L] goes.
        """
        self._check_idle()
        # Nothing points into these before the call succeeds, nothing into the old ones after it.
        if self.is_double:
            self._start[double](&self.d, index, rates, gradient, out, divisors, batch)
        else:
            self._start[float](&self.f, index, rates, gradient, out, divisors, batch)
        self.pass_arrays = index, rates, gradient, out, divisors
        self.f.epoch = self.d.epoch = epoch

    def _check_idle(self):
        if self.running:
            raise RuntimeError("another thread is using this Session")

    cdef int _run_pass(self, Run[real] *run, void (*task)(Run[real] *, int) noexcept nogil,
                    double seconds) except -1:
        cdef bint ran
        self._check_idle()
        self.running = True
        with nogil:
            run.deadline = seconds_now() + seconds
            run.stop.store(False)
            ran = on_threads(task, run, run.threads)
        self.running = False
        if not ran:
            raise RuntimeError(f"the system gave no {run.threads} threads; pass threads=1")
        return 0

    def train(self, double seconds):
        """Continue the epoch for about that long. False when it is finished or has failed."""
        if (self.optimizer_vectors is None or self.pass_arrays is None
                or self.pass_arrays[1] is None):
            raise ValueError("train needs set_optimizer and start(rates=...)")
        if self.is_double:
            self._run_pass[double](&self.d, train_epoch[double], seconds)
        else:
            self._run_pass[float](&self.f, train_epoch[float], seconds)
        return not self.failed and self.batch * self.batch_size < self.data[1].shape[0]

    def differentiate(self, double seconds):
        """Continue with dtheta of the data part for about that long. False when finished."""
        if not self.training or self.pass_arrays is None or self.pass_arrays[2] is None:
            raise ValueError("differentiate needs training=True and start(gradient=...)")
        if self.is_double:
            self._run_pass[double](&self.d, differentiate_rows[double], seconds)
        else:
            self._run_pass[float](&self.f, differentiate_rows[float], seconds)
        return self.next_row < self.data[1].shape[0]

    def evaluate(self, double seconds):
        """Continue with losses and errors, or outputs without y. False when finished."""
        if self.pass_arrays is None or (self.data[2] is None and self.pass_arrays[3] is None):
            raise ValueError("evaluate needs start(), and start(out=...) where there is no y")
        if self.is_double:
            self._run_pass[double](&self.d, evaluate_rows[double], seconds)
        else:
            self._run_pass[float](&self.f, evaluate_rows[float], seconds)
        return self.next_row < self.data[1].shape[0]

    @property
    def loss(self):
        """The sum of u_i L_i over the rows so far."""
        return self.d.loss if self.is_double else self.f.loss

    @property
    def training_loss(self):
        """With `divisors`: the sum of rows times mean loss over the mini-batches so far."""
        return self.d.training_loss if self.is_double else self.f.training_loss

    @property
    def error(self):
        """The sum of u_i times the error of each row so far."""
        return self.d.error if self.is_double else self.f.error

    @property
    def threads(self):
        """Threads that the next call runs on. The results do not depend on their number."""
        return self.d.threads if self.is_double else self.f.threads

    @threads.setter
    def threads(self, int threads):
        self._check_idle()
        if not 1 <= threads <= self.most_threads:
            raise ValueError(f"a Session made for {self.most_threads} threads cannot use {threads}")
        if self.is_double:
            self.d.threads = threads
            self.d.barrier.set_threads(threads)
        else:
            self.f.threads = threads
            self.f.barrier.set_threads(threads)

    @property
    def rows(self):
        return self.data[1].shape[0]

    @property
    def rows_trained(self):
        """Rows of this epoch so far, about: those of an unfinished mini-batch included."""
        return min(self.rows, self.batch * self.batch_size + self.chunk * self.chunk_rows)

    @property
    def chunk_rows(self):
        """Rows between two looks at the clock, at most."""
        return self.d.chunk_rows if self.is_double else self.f.chunk_rows

    @property
    def next_row(self):
        return self.d.next_row if self.is_double else self.f.next_row

    @property
    def batch(self):
        """The number of mini-batches of this epoch that have updated theta."""
        return self.d.batch if self.is_double else self.f.batch

    @property
    def chunk(self):
        """Chunks of the next mini-batch whose gradients have been added: 0 between updates."""
        return self.d.chunk if self.is_double else self.f.chunk

    @property
    def step(self):
        """Updates so far."""
        return self.d.step if self.is_double else self.f.step

    @property
    def extremes(self):
        """The largest step and learning rate so far, from which overflows are foreseen.

        `set_optimizer` sets both to 0.
        """
        if self.is_double:
            return self.d.extremes.step, self.d.extremes.rate
        return self.f.extremes.step, self.f.extremes.rate

    @extremes.setter
    def extremes(self, extremes):
        self._check_idle()
        step, rate = (float(x) for x in extremes)
        if not (0 <= step < INFINITY and 0 <= rate < INFINITY):
            raise ValueError("extremes must be finite and not negative")
        self.d.extremes.step, self.d.extremes.rate = step, rate
        self.f.extremes.step, self.f.extremes.rate = step, rate

    @property
    def batch_size(self):
        return self.d.batch_size if self.is_double else self.f.batch_size

    @property
    def failed(self):
        """Whether the next update would not be finite. theta is then that of the last batch."""
        return self.overflowed or (self.d.not_finite.load() if self.is_double
                                   else self.f.not_finite.load())

    @property
    def overflowed(self):
        """Whether the reason is that theta or a moment might leave the range of the dtype."""
        return self.d.overflows.load() if self.is_double else self.f.overflows.load()
