# Part of _kernels.pyx: a vector as a whole, such as theta.


def aligned_zeros(int64_t size, dtype):
    """A vector of `size` zeros of float32 or float64 that begins on a cache line."""
    cdef int64_t itemsize = dtype.itemsize, first
    vector = np.zeros(size + 64 // itemsize, dtype)
    first = <int64_t>(-<size_t>contiguous(vector, b"d" if itemsize == 8 else b"f", 1).first % 64)
    first //= itemsize
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
