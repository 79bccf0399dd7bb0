# Part of _kernels.pyx: one fit at a time of a network or an estimator.

# The attribute that an object has while it is being fitted; copies of the object leave it out.
FITTED_BY = "_fitted_by"


@cython.final
cdef class FitLock:
    """A context manager that lets one fit of an object run at a time; RuntimeError in a second one.

    It is compiled for the sake of Ctrl-C, which may come at the beginning of a function of Python:
    of an __enter__ that has the lock but not yet a block that releases it, or of an __exit__.

    Parameters
    ----------
    fitted : list of objects
    names : list of str
        Of the objects in the error: "this network".
    """

    cdef list fitted, names
    cdef int64_t held

    def __init__(self, list fitted not None, list names not None):
        self.fitted, self.names, self.held = [vars(each) for each in fitted], names, 0

    def __enter__(self):
        cdef dict attributes
        for attributes, name in zip(self.fitted, self.names, strict=True):
            # setdefault is one step: two threads cannot both find the place empty.
            if attributes.setdefault(FITTED_BY, self) is not self:
                self._release()
                raise RuntimeError(
                    f"{name} is being fitted already, by another thread or a callback"
                )
            self.held += 1

    def __exit__(self, *exception):
        self._release()

    cdef _release(self):
        cdef int64_t k
        for k in range(self.held):
            del (<dict>self.fitted[k])[FITTED_BY]
        self.held = 0
