# Part of _kernels.pyx: arrays and layers that Python hands over, checked.


cdef struct Array:
    char *first
    int64_t rows, columns


cdef int refuse_unaligned(const void *first, Py_ssize_t itemsize) except -1:
    if <size_t>first % <size_t>itemsize:
        raise ValueError(f"expected an array at an address that is a multiple of {itemsize}, got "
                         "an unaligned one; pass array.copy()")
    return 0


cdef Array contiguous(array, char kind, int ndim, bint writable=False) except *:
    """The numbers of a C-contiguous, aligned array of dtype float32 "f", float64 "d" or int64 "q".

    The caller keeps the array alive.
    """
    cdef Py_buffer buffer
    cdef Array a
    cdef const char *format
    cdef bint matches
    PyObject_GetBuffer(array, &buffer,
                       PyBUF_FORMAT | PyBUF_ND | (PyBUF_WRITABLE if writable else 0))
    try:
        # An unaligned array of doubles has the format "=d": "d" alone would promise alignment.
        format = buffer.format
        if format[0] in b"@=^":
            format += 1
        matches = format[0] == kind or (kind == b"q" and format[0] == b"l" and buffer.itemsize == 8)
        if not matches or format[1]:
            expected = {b"f": "float32", b"d": "float64", b"q": "int64"}[bytes([kind])]
            raise ValueError(f"dtype mismatch: expected {expected}, got numbers of buffer format "
                             f"{buffer.format.decode()!r}; convert the array with astype")
        if buffer.ndim != ndim:
            raise ValueError(f"expected {ndim} dimensions, got {buffer.ndim}")
        a.first, a.rows = <char *>buffer.buf, buffer.shape[0]
        a.columns = buffer.shape[1] if ndim == 2 else 1
        if buffer.len:
            refuse_unaligned(a.first, buffer.itemsize)
    finally:
        PyBuffer_Release(&buffer)
    return a


cdef int64_t find_offsets(const int64_t *widths, const int *activations, int layers, int output,
                          int64_t *offsets) noexcept nogil:
    """Write the offset of each W[l] in theta to `offsets`. Returns the size of theta, or -1 where
    the layers do not fit together."""
    cdef int64_t size = 0
    cdef int l
    if layers < 2 or not 0 <= output < OUTPUTS:
        return -1
    offsets[0] = 0   # layer 0 has no weights
    for l in range(layers):
        if widths[l] < 1 or not 0 <= activations[l] < ACTIVATIONS:
            return -1
    for l in range(1, layers):
        offsets[l] = size
        if widths[l] > ((<int64_t>1 << 60) - size) // (widths[l - 1] + 1):
            return -1
        size += (widths[l - 1] + 1) * widths[l]
    return size


cdef class Architecture:
    """The layers of a network: their sizes, activation codes and places in theta."""

    cdef vector[int64_t] widths, offsets
    cdef vector[int] activations
    cdef int64_t size   # of theta

    cdef bint _describe(self, widths, activations, int output) except -1:
        """Store the layers; False if they do not fit together."""
        self.widths, self.activations = widths, activations
        self.offsets.resize(self.widths.size() + 1)
        self.size = -1
        if self.widths.size() == self.activations.size():
            self.size = find_offsets(self.widths.data(), self.activations.data(),
                                     <int>self.widths.size(), output, self.offsets.data())
        return self.size >= 0
