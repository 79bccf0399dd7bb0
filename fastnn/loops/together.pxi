# Part of _kernels.pyx: the outputs of several networks for the same rows, as their mean and spread.


cdef vector[Moments] moments_of(weights, double *mean, double *squares):
    """Where each network adds its outputs, one after the other; `squares` is null for the sum."""
    cdef vector[Moments] moments
    cdef Moments m
    m.mean, m.squares, m.total = mean, squares, 0
    for weight in weights:
        m.weight = weight
        m.total += m.weight
        moments.push_back(m)
    return moments


cdef void evaluate_each(Run[real] *run, int thread) noexcept nogil:
    """`evaluate_rows` of a run and of those after it, until all are at their end or the deadline."""
    while True:
        evaluate_rows(run, thread)
        if run.stop.load() or run.next == NULL:
            break
        run = <Run[real] *>run.next


cdef bint add_outputs(list members, list rows, Py_buffer *x, Moments *moments, int threads,
                      real *like):
    """Add the outputs of all members, on that many threads. False where X needs the general way.

    X is a buffer, or, where `rows` is not None, a Rows of each member.
    """
    cdef SmallForward member
    cdef const Matrix *X
    cdef Run[real] *run
    cdef Run[real] *first = run_of(<SmallForward>members[0], like)
    cdef Run[real] *last = NULL
    cdef int64_t work = 0
    cdef list ready = []
    cdef bint done = True
    for k, member in enumerate(members):
        run = run_of(member, like)
        X = &member.matrix if rows is None else &(<Rows>rows[k]).matrix
        # A member may be there twice.
        if member.running or (rows is None and not member._accepts(run, x)):
            done = False
            break
        run.threads = threads   # each has buffers of its own
        if not member._prepare(run, X):
            run.threads = 1
            done = False
            break
        member.running = True
        ready.append(member)
        work += member.size * X.rows
        run.moments = moments + <int64_t>k
        run.barrier.set_threads(threads)
        if last != NULL:
            last.next = run
        last = run
    if done and threads == 1 and work <= MOST_WORK_WITH_GIL:
        done = on_threads(evaluate_each[real], first, 1)
    elif done:
        with nogil:
            done = on_threads(evaluate_each[real], first, threads)
    for member in ready:
        run = run_of(member, like)
        run.barrier.set_threads(1)
        run.threads = 1
        run.moments = NULL
        run.next = NULL
        member.running = False
    return done


cdef Run[real] *run_of(SmallForward member, real *like) noexcept:
    if real is float:
        return &member.f
    else:
        return &member.d


def forward_together(list members, list weights, X, *, bint spread, list rows=None,
                     int threads=1):
    """The mean of A[L] (rows, n[L]) of some SmallForwards of one shape and dtype, by weight.

    Their standard deviation if `spread`; None where X needs the general way. The sum is in float64,
    in the order of the members, and is rounded once. X is as for `SmallForward`, and small; in
    its place there may be `rows`, a Rows for each member.
    """
    cdef bint fits = 0 < len(members) == len(weights) and threads > 0, done
    cdef SmallForward first = members[0] if fits else None, member
    cdef int64_t parameters = 0, largest = 0, count = 0, i
    cdef vector[double] mean, squares
    cdef vector[Moments] moments
    cdef Py_buffer x, y
    for member in members:
        parameters += member.size
        largest = max(largest, member.size)
        fits = (fits and member.is_double == first.is_double
                and member.widths[0] == first.widths[0]
                and member.widths.back() == first.widths.back())
    if fits and rows is not None:
        fits = len(rows) == len(members)
        count = (<Rows?>rows[0]).matrix.rows if fits else 0
        for each in rows:
            fits = (fits and (<Rows?>each).matrix.rows == count
                    and (<Rows>each).matrix.columns == first.widths[0])
    if not fits:
        raise ValueError("the arguments of forward_together do not fit together")
    if rows is None:
        # More threads meet in the pass of each, and pay where they pay for one.
        if not first._takes(X, &x, largest, False):
            return None
        count = x.shape[0]
    elif not 0 < count <= MOST_WORK_ALONE // parameters:
        return None
    out = first.empty((count, first.widths.back()), first.dtype)
    count *= first.widths.back()
    mean.resize(count)
    if spread:
        squares.resize(count)
    moments = moments_of(weights, mean.data(), squares.data())
    done = (add_outputs[double](members, rows, &x, moments.data(), threads, NULL)
            if first.is_double else
            add_outputs[float](members, rows, &x, moments.data(), threads, NULL))
    if rows is None:
        PyBuffer_Release(&x)
    if not done:
        return None
    if spread:
        for i in range(count):
            mean[i] = sqrt(squares[i] / moments.back().total)
    PyObject_GetBuffer(out, &y, PyBUF_ND)
    if first.is_double:
        memcpy(y.buf, mean.data(), count * sizeof(double))
    else:
        for i in range(count):
            (<float *>y.buf)[i] = <float>mean[i]
    PyBuffer_Release(&y)
    return out


def start_together(list sessions, list weights, mean, squares=None):
    """Let `evaluate_together` find the mean and spread of the outputs of several Sessions.

    Parameters
    ----------
    sessions : list of Session
        Without y, of one dtype, number of threads and shape of their outputs.
    weights : list of float
    mean : (rows, n[L]) float64 of zeros; the weighted sum is added
    squares : the same or None; `mean` is then the mean by weight, and this gets the weighted sum of
        the squares of the differences from it
    """
    cdef bint fits = 0 < len(sessions) == len(weights)
    cdef Session first = sessions[0] if fits else None, session, following = None
    cdef Array mean_at = contiguous(mean, b"d", 2, True), squares_at = [NULL, mean_at.rows, 0]
    cdef vector[Moments] moments
    cdef size_t k
    squares_at.columns = mean_at.columns
    if squares is not None:
        squares_at = contiguous(squares, b"d", 2, True)
    fits = fits and squares_at.rows == mean_at.rows and squares_at.columns == mean_at.columns
    for session in sessions:
        fits = (fits and session.run.rows == mean_at.rows and session.run.y == NULL
                and session.widths.back() == mean_at.columns
                and session.is_double == first.is_double
                and session.run.threads == first.run.threads)
    if not fits:
        raise ValueError("the arguments of start_together do not fit together")
    moments = moments_of(weights, <double *>mean_at.first, <double *>squares_at.first)
    for k in reversed(range(moments.size())):
        session = sessions[k]
        session.start()
        session.moments = moments[k]
        session.run.moments = &session.moments
        if following is not None:
            session.run.next = following.run
        session.pass_arrays = None, None, None, (mean, squares, following), None
        following = session


def evaluate_together(list sessions, double seconds):
    """Continue with Sessions that are started together, for about that long. False when finished."""
    cdef Session session
    for session in sessions:
        if session.run.moments == NULL:
            raise ValueError("evaluate_together needs start_together")
        session.run.deadline = seconds_now() + seconds
        session.run.stop.store(False)
    for session in sessions:
        if session.run.next_row < session.run.rows:
            if session.is_double:
                run_pass[double](session, &session.d, evaluate_each[double], seconds)
            else:
                run_pass[float](session, &session.f, evaluate_each[float], seconds)
            break
    return any([(<Session>each).run.next_row < (<Session>each).run.rows for each in sessions])
