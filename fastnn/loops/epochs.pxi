# Part of _kernels.pyx: whole epochs of a fit that nobody watches, in one call.


cdef extern from *:
    """
    // The beginning of NumPy's bitgen_t, which a BitGenerator has in its capsule; since NumPy 1.17.
    struct fastnn_bitgen {
        void *state;
        uint64_t (*next_uint64)(void *state);
    };
    """
    ctypedef struct bitgen "fastnn_bitgen":
        void *state
        uint64_t (*next_uint64)(void *state) noexcept nogil


cdef cppclass EpochPlan:
    int64_t epoch, count       # the first, and how many
    int64_t every, first, last # epochs between evaluations, or 0; those always evaluated: see below
    int64_t *index             # (m,) or null; shuffled in every epoch
    vector[int64_t] seeds      # (count,) of the shuffles
    const double *rates        # (count, batches), or one row for all epochs
    int64_t rate_rows
    bint regression
    # (count, columns) cost and error of the training set, of the dev set, and when it ended
    vector[double] record
    int64_t columns            # 3 or 5
    double training_seconds
    int64_t begun, trained, done   # epochs
    double seconds             # that the epochs may take


cdef void evaluate_at_once(Run[real] *run, double penalty, bint regression,
                           double *result) noexcept nogil:
    """J and the error over all rows, dropout off."""
    run.index = NULL
    run.next_row, run.loss, run.error, run.deadline = 0, 0, 0, INFINITY
    run.stop.store(False)
    evaluate_rows(run, 0)
    result[0] = run.loss / run.rows + penalty
    result[1] = sqrt(run.error / run.rows) if regression else run.error / run.rows


cdef void train_epochs_at_once(Run[real] *run, Run[real] *dev, EpochPlan *p) noexcept nogil:
    """Shuffle, train and evaluate, epoch by epoch, on this thread alone.

    It ends early after an epoch that takes it past the time allowed, that failed, or whose J is not
    finite.
    """
    cdef double began = seconds_now(), before, share
    cdef double *result
    cdef int64_t k, i
    cdef CoreMode mode
    mode.enter()
    for k in range(p.count):
        p.begun += 1
        if p.index != NULL:
            _shuffle(p.index, <uint64_t>p.seeds[k], run.rows, INFINITY)
        run.index, run.epoch = p.index, p.epoch + k
        run.rates = p.rates + (k if p.rate_rows > 1 else 0) * tiles(run.rows, run.batch_size)
        run.batch, run.chunk, run.loss, run.error, run.deadline = 0, 0, 0, 0, INFINITY
        run.not_finite.store(False)
        run.overflows.store(False)
        run.stop.store(False)
        before = seconds_now()
        train_epoch(run, 0)
        p.training_seconds += seconds_now() - before
        if run.not_finite.load() or run.overflows.load():
            break
        p.trained += 1
        result = p.record.data() + k * p.columns
        for i in range(p.columns):
            result[i] = NAN
        if p.every and (p.epoch + k < p.first or (p.epoch + k + 1) % p.every == 0
                        or p.epoch + k == p.last):
            share = penalty(run)
            evaluate_at_once(run, share, p.regression, result)
            if dev != NULL and isfinite(result[0]):
                evaluate_at_once(dev, share, p.regression, result + 2)
            if not isfinite(result[0]):
                break
        result[p.columns - 1] = seconds_now() - began
        p.done += 1
        if result[p.columns - 1] > p.seconds:
            break
    run.index = NULL
    run.rates = NULL


def train_epochs(Session session not None, Session dev, *, index, generator, rates, history,
                 columns, double began, int64_t epoch, int64_t count, int64_t every, int64_t first,
                 int64_t last, bint regression, double seconds):
    """Epochs of `session`, each with its evaluation, in one call without a pause; on one thread.

    They are recorded within the call: in Python, Ctrl-C could come between the epochs and their
    record.

    Parameters
    ----------
    session : Session of one thread, with an optimizer
    dev : Session of one thread or None; of the dev set
    index : None or (m,) int64, written to; the order of the rows, shuffled in every epoch
    generator : numpy.random.BitGenerator; one draw for each shuffle, as ``integers(2**64)`` makes
    rates : (count, batches) float64, or one row for all epochs
    history : object whose `training_seconds` and `examples` count on
    columns : lists that get an entry an epoch: J and error, those of dev, NaN where they are not
        evaluated; the last learning rate; and the seconds, from `began` on, when the epoch ended
    epoch, count : the first epoch, and how many
    every, first, last : epochs between evaluations, or 0; the first epochs, each of which is
        evaluated; the last one of the fit, which is, too
    regression : whether the error is a root mean square
    seconds : no epoch begins later than so long after the call

    Returns
    -------
    (begun, trained, done, cost) : epochs begun, trained to the end, and recorded; J of the last one
        that was trained, if that is not finite
    """
    cdef EpochPlan p
    cdef Array at, rate = contiguous(rates, b"d", 2)
    cdef int64_t m = session.run.rows, k, i
    cdef Run[float] *dev_float = NULL
    cdef Run[double] *dev_double = NULL
    cdef double learning_rate
    cdef bint fits = True
    p.index = NULL
    if index is not None:
        at = contiguous(index, b"q", 1, True)
        p.index, fits = <int64_t *>at.first, at.rows == m
    if dev is not None:
        fits = fits and (dev is not session and dev.run.threads == 1
                         and dev.is_double == session.is_double and dev.data[2] is not None)
    p.columns = 3 if dev is None else 5
    if (not fits or session.run.X == NULL or session.run.threads != 1 or session.optimizer_vectors is None
            or len(columns) != p.columns + 1
            or count < 1 or rate.rows not in (1, count)
            or rate.columns != tiles(m, session.run.batch_size)
            or epoch < 0 or every < 0):
        raise ValueError("the arguments of train_epochs do not fit the Session")
    session._check_idle()
    if dev is not None:
        dev._check_idle()
    p.epoch, p.count, p.every, p.first, p.last = epoch, count, every, first, last
    p.regression, p.seconds = regression, seconds
    p.rates, p.rate_rows = <const double *>rate.first, rate.rows
    p.record.resize(count * p.columns)
    p.training_seconds, p.begun, p.trained, p.done = 0, 0, 0, 0
    before = None
    if index is not None:
        # The first epoch always begins.
        before = generator.state if count > 1 else None
        p.seeds.resize(count)
        draw_seeds(generator, p.seeds.data(), count)
    # The passes below do not use what an earlier `start` has set.
    session.pass_arrays = None
    session.run.divisors = NULL
    session.running = True
    if dev is not None:
        dev.running, dev.pass_arrays = True, None
        dev_float, dev_double = &dev.f, &dev.d
    with nogil:
        if session.is_double:
            train_epochs_at_once[double](&session.d, dev_double, &p)
        else:
            train_epochs_at_once[float](&session.f, dev_float, &p)
    session.running = False
    if dev is not None:
        dev.running = False
    if p.begun < count and index is not None:
        # A fit that looks at each epoch draws when the epoch begins.
        generator.state = before
        draw_seeds(generator, p.seeds.data(), p.begun)
    history.training_seconds += p.training_seconds
    history.examples += p.trained * m
    for k in range(p.done):
        for i in range(p.columns - 1):
            (<list?>columns[i]).append(p.record[k * p.columns + i])
        learning_rate = p.rates[(k + 1 if p.rate_rows > 1 else 1) * rate.columns - 1]
        (<list?>columns[p.columns - 1]).append(learning_rate)
        (<list?>columns[p.columns]).append(began + p.record[(k + 1) * p.columns - 1])
    cost = p.record[p.done * p.columns] if p.done < p.trained else 0.0
    return p.begun, p.trained, p.done, cost


cdef int draw_seeds(generator, int64_t *seeds, int64_t count) except -1:
    """Draw numbers of 64 bits from a NumPy BitGenerator."""
    cdef const bitgen *bits = <const bitgen *>PyCapsule_GetPointer(generator.capsule,
                                                                   "BitGenerator")
    cdef int64_t k
    with generator.lock:
        for k in range(count):
            seeds[k] = <int64_t>bits.next_uint64(bits.state)
    return 0


def record_epoch(columns, results):
    """Append one result to each list, with no moment between them at which Ctrl-C could come."""
    for column, result in zip(columns, results, strict=True):
        (<list?>column).append(result)
