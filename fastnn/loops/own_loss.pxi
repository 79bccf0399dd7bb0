# Part of _kernels.pyx: a user's loss of whole mini-batches, which needs the GIL.


cdef class BatchLoss:
    """A function of output activations A and targets Y that gives losses and dL/dA.

    Its first error is kept until the pass has ended.
    """

    cdef object function, error

    def __cinit__(self, function):
        self.function = function

    cdef int raise_error(self) except -1:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return 0


cdef object copy_of(const real *rows, int64_t ld, int64_t count, int64_t columns):
    """An array (count, columns) of its own."""
    array = np.empty((count, columns), np.float32 if real is float else np.float64)
    cdef char *at = contiguous(array, b"f" if real is float else b"d", 2).first
    cdef int64_t i
    for i in range(count):
        memcpy(at + i * columns * sizeof(real), rows + i * ld, columns * sizeof(real))
    return array


cdef int take_answer(Run[real] *run, Layer[real] *top, answer, int64_t rows) except -1:
    """Copy losses (rows,) and dL/dA (rows, n[L]) to their buffers."""
    losses, dA = answer
    cdef Array loss = contiguous(losses, b"f" if real is float else b"d", 1)
    cdef Array slopes = contiguous(dA, b"f" if real is float else b"d", 2)
    cdef int64_t i
    if loss.rows != rows or slopes.rows != rows or slopes.columns != top.n:
        raise ValueError("a loss for each row, and dA for each output")
    memcpy(run.targets.loss, loss.first, rows * sizeof(real))
    if top.dZ != NULL:
        for i in range(rows):
            memcpy(top.dZ + i * top.ld, <real *>slopes.first + i * top.n, top.n * sizeof(real))
            memset(top.dZ + i * top.ld + top.n, 0, (top.ld - top.n) * sizeof(real))
    return 0


cdef void ask_for_losses(Run[real] *run, int64_t rows) noexcept with gil:
    """Let the user's function fill losses and dL/dA of a chunk; NaN once it has raised an error."""
    cdef Layer[real] *top = &run.layers[run.depth]
    cdef uint64_t word = control_word()
    cdef int64_t i
    asks = <BatchLoss>run.asks
    set_control_word(word & ~FLUSH)   # the user's code has denormal numbers
    try:
        if asks.error is None:
            A = copy_of(top.A, top.ld, rows, top.n)
            Y = copy_of(run.targets.Y, run.targets.ldy, rows, run.targets.ldy)
            take_answer(run, top, asks.function(A, Y), rows)
    except BaseException as error:   # KeyboardInterrupt too; the pass has to end first
        asks.error = error
    set_control_word(word)
    if asks.error is not None:
        for i in range(rows):
            run.targets.loss[i] = <real>NAN
