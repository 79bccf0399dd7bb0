# Part of _kernels.pyx: whole epochs of a fit that nobody watches, in one call.


cdef struct EpochPlan:
    int64_t epoch, count       # the first, and how many
    int64_t every, first, last # epochs between evaluations, or 0; those always evaluated: see below
    int64_t *index             # (m,) or null; shuffled in every epoch
    const int64_t *seeds       # (count,) of the shuffles
    const double *rates        # (count, batches), or one row for all epochs
    int64_t rate_rows
    bint regression
    # (count, columns) cost and error of the training set, of the dev set, and when it ended
    double *record
    int64_t columns            # 3 or 5
    double *totals             # (4,) seconds of training, epochs begun, epochs trained, epochs done
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


cdef void train_epochs_at_once(Run[real] *run, Run[real] *dev, const EpochPlan *p) noexcept nogil:
    """Shuffle, train and evaluate, epoch by epoch, on this thread alone.

    It ends early after an epoch that takes it past the time allowed, that failed, or whose J is not
    finite.
    """
    cdef double began = seconds_now(), before, share
    cdef double *result
    cdef int64_t k, i
    for k in range(p.count):
        p.totals[1] += 1
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
        p.totals[0] += seconds_now() - before
        if run.not_finite.load() or run.overflows.load():
            break
        p.totals[2] += 1
        result = p.record + k * p.columns
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
        p.totals[3] += 1
        if result[p.columns - 1] > p.seconds:
            break
    run.index = NULL
    run.rates = NULL


def train_epochs(Session session not None, Session dev, *, index, seeds, rates, record, totals,
                 int64_t epoch, int64_t every, int64_t first, int64_t last, bint regression,
                 double seconds):
    """Epochs of `session`, each with its evaluation, in one call without a pause; on one thread.

    Parameters
    ----------
    session : Session of one thread, with an optimizer
    dev : Session of one thread or None; of the dev set
    index : None or (m,) int64, written to; the order of the rows, shuffled in every epoch
    seeds : None or (count,) int64; of the shuffles
    rates : (count, batches) float64, or one row for all epochs
    record : (count, 3 or 5) float64, written to for the epochs that are trained; J and error, and
        those of dev, NaN where they are not evaluated; and when the epoch ended
    totals : (4,) float64, added to; seconds of training, epochs begun, trained to the end, and done
    epoch : the first epoch
    every, first, last : epochs between evaluations, or 0; the first epochs, each of which is
        evaluated; the last one of the fit, which is, too
    regression : whether the error is a root mean square
    seconds : no epoch begins later than so long after the call
    """
    cdef EpochPlan p
    cdef Array at, rate = contiguous(rates, b"d", 2), result = contiguous(record, b"d", 2, True)
    cdef Array total = contiguous(totals, b"d", 1, True)
    cdef int64_t m = session.run.rows
    cdef Run[float] *dev_float = NULL
    cdef Run[double] *dev_double = NULL
    cdef CoreMode mode
    p.index = NULL
    p.seeds = NULL
    p.count = result.rows
    cdef bint fits = total.rows == 4
    if index is not None:
        at = contiguous(index, b"q", 1, True)
        p.index, fits = <int64_t *>at.first, fits and at.rows == m
        at = contiguous(seeds, b"q", 1)
        p.seeds, fits = <const int64_t *>at.first, fits and at.rows == p.count
    if dev is not None:
        fits = fits and (dev is not session and dev.run.threads == 1
                         and dev.is_double == session.is_double and dev.data[2] is not None)
    if (not fits or session.run.X == NULL or session.run.threads != 1 or session.optimizer_vectors is None
            or result.columns != (3 if dev is None else 5)
            or rate.rows not in (1, p.count)
            or rate.columns != tiles(m, session.run.batch_size)
            or epoch < 0 or every < 0):
        raise ValueError("the arguments of train_epochs do not fit the Session")
    session._check_idle()
    if dev is not None:
        dev._check_idle()
    p.epoch, p.every, p.first, p.last = epoch, every, first, last
    p.regression, p.seconds = regression, seconds
    p.rates, p.rate_rows = <const double *>rate.first, rate.rows
    p.record, p.columns = <double *>result.first, result.columns
    p.totals = <double *>total.first
    # The passes below do not use what an earlier `start` has set.
    session.pass_arrays = None
    session.run.divisors = NULL
    session.running = True
    if dev is not None:
        dev.running, dev.pass_arrays = True, None
        dev_float, dev_double = &dev.f, &dev.d
    mode.enter()
    with nogil:
        if session.is_double:
            train_epochs_at_once[double](&session.d, dev_double, &p)
        else:
            train_epochs_at_once[float](&session.f, dev_float, &p)
    session.running = False
    if dev is not None:
        dev.running = False
