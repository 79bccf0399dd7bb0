# Part of _kernels.pyx: a vector as a whole, such as theta.


def aligned_zeros(int64_t size, dtype):
    """A vector of `size` zeros of float32 or float64 that begins on a cache line.

    The system finds its memory now, in pieces between which Ctrl-C is heard. It would else be found
    by the first update of an optimizer, all at once: 0.3 s for the moments of 34 million parameters.
    """
    cdef int64_t itemsize = dtype.itemsize, first, at = 0, piece = 1 << 24
    cdef Array all_of_it
    vector = np.empty(size + 64 // itemsize, dtype)
    all_of_it = contiguous(vector, b"d" if itemsize == 8 else b"f", 1, True)
    while at < all_of_it.rows * itemsize:
        memset(<char *>all_of_it.first + at, 0, min(piece, all_of_it.rows * itemsize - at))
        PyErr_CheckSignals()
        at += piece
    first = <int64_t>(-<size_t>all_of_it.first % 64) // itemsize
    return vector[first:first + size]


def all_finite(vector):
    """Whether no number of a float32 or float64 vector is a NaN or infinite."""
    cdef bint is_double = vector.dtype.itemsize == 8
    cdef Array v = contiguous(vector, b"d" if is_double else b"f", 1)
    cdef CoreMode mode
    mode.enter()
    if is_double:
        return isfinite(kernels[double](_variant).largest(<const double *>v.first, 0, 0, 1, v.rows))
    return isfinite(kernels[float](_variant).largest(<const float *>v.first, 0, 0, 1, v.rows))


cdef void _scale_into(real *to, const double *values, double factor, int64_t count) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        to[i] = <real>(factor * values[i])


def scale_into(vector, int64_t at, values, double factor):
    """vector[at : at + len(values)] = factor values, which are float64; rounded once."""
    cdef bint is_double = vector.dtype.itemsize == 8
    cdef Array to = contiguous(vector, b"d" if is_double else b"f", 1, True)
    cdef Array given = contiguous(values, b"d", 1)
    if not 0 <= at <= to.rows or given.rows > to.rows - at:
        raise ValueError("the values are not within the vector")
    if is_double:
        _scale_into(<double *>to.first + at, <const double *>given.first, factor, given.rows)
    else:
        _scale_into(<float *>to.first + at, <const double *>given.first, factor, given.rows)
