# Part of _kernels.pyx: single kernels and measurements, called from Python by themselves.


def add_penalty_gradient(theta, gradient, int64_t at, int64_t n, double l2, double l1):
    """gradient += l2 W + l1 sign(W) for W = theta[at : at + n]; l2 and l1 are lambda / m."""
    cdef CoreMode mode
    cdef bint is_double = theta.dtype.itemsize == 8
    cdef char kind = b"d" if is_double else b"f"
    cdef Array W = contiguous(theta, kind, 1), dW = contiguous(gradient, kind, 1, True)
    cdef int64_t size = min(W.rows, dW.rows)
    cdef Update u
    if not 0 <= at < size or not 1 <= n <= size - at:
        raise ValueError("W is not within theta")
    u.l2, u.l1 = l2, l1
    mode.enter()
    if is_double:
        kernels[double](_variant).add_penalty_gradient(
            &u, <const double *>W.first + at, <double *>dW.first + at, n)
    else:
        kernels[float](_variant).add_penalty_gradient(
            &u, <const float *>W.first + at, <float *>dW.first + at, n)


def penalty_of(theta, int64_t at, int64_t n, double l2, double l1):
    """l2 / 2 ||W||_F^2 + l1 ||W||_1 for W = theta[at : at + n], in float64."""
    cdef CoreMode mode
    cdef bint is_double = theta.dtype.itemsize == 8
    cdef Array W = contiguous(theta, b"d" if is_double else b"f", 1)
    cdef Update u
    if not 0 <= at < W.rows or not 1 <= n <= W.rows - at:
        raise ValueError("W is not within theta")
    u.l2, u.l1 = l2, l1
    mode.enter()
    if is_double:
        return kernels[double](_variant).penalty(&u, <const double *>W.first + at, n)
    return kernels[float](_variant).penalty(&u, <const float *>W.first + at, n)


cdef void _apply_dropout(const Kernels[real] *k, const Array *A, const Dropout *dropout) noexcept:
    cdef CoreMode mode
    cdef Layer[real] layer
    layer.n, layer.ld, layer.A, layer.dropout = A.columns, A.columns, <real *>A.first, dropout[0]
    mode.enter()
    k.apply_dropout(&layer, 0, A.rows, 0)


def apply_dropout(A, uint64_t seed, uint64_t step, uint32_t layer, double keep_prob):
    """A *= mask / keep_prob, with the mask of layer `layer` at update `step`.

    The width of A must be a multiple of 64: every variant works in whole registers.
    """
    cdef bint is_double = A.dtype.itemsize == 8
    cdef Array rows = contiguous(A, b"d" if is_double else b"f", 2, True)
    if not 0 < keep_prob <= 1 or rows.columns % 64:
        raise ValueError("keep_prob must lie in (0, 1], and rows be whole cache lines")
    cdef Dropout dropout = make_dropout(seed, step, layer, keep_prob)
    if keep_prob == 1:
        return
    if is_double:
        _apply_dropout(kernels[double](_variant), &rows, &dropout)
    else:
        _apply_dropout(kernels[float](_variant), &rows, &dropout)


def dropout_mask(seed, step, layer, rows, units, keep_prob):
    """The mask of layer `layer` at update `step`: bool (rows, units), True where kept."""
    A = np.ones((rows, -(-units // 64) * 64), np.float32)
    apply_dropout(A, seed, step, layer, keep_prob)
    return A[:, :units] != 0


cdef double _rate(const Kernels[real] *k, double seconds):
    cdef int64_t depth = 128
    cdef vector[real] numbers
    cdef double began = seconds_now(), best = 0, now = began, since
    cdef real *A
    cdef int i
    numbers.resize(3 * 64 * depth, 1)
    A = numbers.data()
    with nogil:
        while now < began + seconds:
            since = now
            for i in range(1000):
                k.whole_tile(A, A + 64 * depth, depth, A + 2 * 64 * depth)
            now = seconds_now()
            best = max(best, 2.0e3 * k.tile_rows * k.panel * depth / (now - since))
    return best


def peak(dtype="float32", double seconds=0.1):
    """The best rate of the micro-kernel on a tile in the L1 cache, in operations a second.

    The rates of whole passes are compared with it.
    """
    seconds = min(seconds, 10.0)   # Ctrl-C is not heard meanwhile
    if np.dtype(dtype).itemsize == 8:
        return _rate(kernels[double](_variant), seconds)
    return _rate(kernels[float](_variant), seconds)


cdef struct BarrierTrial:
    Barrier *barrier
    int64_t times


cdef void wait_at_barrier(BarrierTrial *trial, int thread) noexcept nogil:
    cdef int64_t i
    for i in range(trial.times):
        trial.barrier.wait()


def barrier_time(int threads=2, int64_t times=10_000):
    """The seconds that threads take to wait for each other, as between the phases of a step.

    Most of it is the time that a cache line takes from core to core.
    """
    cdef BarrierTrial trial
    cdef double began
    cdef bint ran
    if not 1 <= threads <= 1024 or not 1 <= times <= 1_000_000:
        raise ValueError("expected threads in 1 .. 1024 and times in 1 .. 1,000,000")
    trial.times, trial.barrier = times, new Barrier(threads)
    try:
        with nogil:
            began = seconds_now()
            ran = on_threads(wait_at_barrier, &trial, threads)
        if not ran:
            raise RuntimeError(f"the system gave no {threads} threads")
        return (seconds_now() - began) / times
    finally:
        del trial.barrier


cdef int64_t _shuffle(int64_t *index, uint64_t seed, int64_t left,
                      double deadline) noexcept nogil:
    cdef uint64_t x
    cdef int64_t j, swapped
    while left > 1:
        x = seed + <uint64_t>left * 0x9E3779B97F4A7C15u
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u
        x = (x ^ x >> 27) * 0x94D049BB133111EBu
        x ^= x >> 31
        j = multiply_high(x, left)   # uniform in [0, left), but for left / 2^64
        left -= 1
        swapped = index[left]
        index[left] = index[j]
        index[j] = swapped
        if left % 65536 == 0 and seconds_now() > deadline:
            break
    return left


def shuffle(index, uint64_t seed, int64_t left, double seconds):
    """Shuffle index[:left] in place (Fisher and Yates) for about that long; returns what is left.

    Word i of the random sequence is SplitMix64's, a function of (seed, i).
    """
    cdef double deadline = seconds_now() + seconds
    cdef Array rows = contiguous(index, b"q", 1, True)
    cdef int64_t *order = <int64_t *>rows.first
    if not 0 <= left <= rows.rows:
        raise ValueError("left must be within index")
    if left <= 1 << 13:   # to release the GIL and wait for it would take longer
        return _shuffle(order, seed, left, deadline)
    with nogil:
        left = _shuffle(order, seed, left, deadline)
    return left


def philox(counter, key):
    """Philox4x32-10 of a counter of four and a key of two 32-bit words: four words."""
    cdef uint32_t words[4]
    cdef uint32_t c[4]
    cdef uint32_t k[2]
    c[:], k[:] = counter, key
    philox4x32(c, k, words)
    return tuple(words)


cdef void _store_control_word(void *words, int thread) noexcept nogil:
    (<uint64_t *>words)[thread] = control_word()


def control_words(int threads=1):
    """The mode of floating-point arithmetic of the calling thread and of threads - 1 of the core's.

    It is that between calls, which denormals.h changes and gives back: MXCSR without its sticky
    bits, or FPCR.
    """
    cdef vector[uint64_t] words
    if not 1 <= threads <= 1024:
        raise ValueError("expected threads in 1 .. 1024")
    words.resize(threads)
    if not Pool.run(_store_control_word, words.data(), threads):
        raise RuntimeError(f"the system gave no {threads} threads")
    return [word & ~<uint64_t>0x3f for word in words]


def flush_denormals(bint on):
    """Make the calling thread's own arithmetic flush denormals, or not. False where it cannot."""
    set_control_word(control_word() | FLUSH if on else control_word() & ~FLUSH)
    return FLUSH != 0
