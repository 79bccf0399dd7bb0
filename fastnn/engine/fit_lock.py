"""One fit at a time of a network or an estimator."""

from contextlib import contextmanager

# The attribute that an object has while it is being fitted; copies of the object leave it out.
FITTED_BY = "_fitted_by"


@contextmanager
def one_fit_at_a_time(fitted, name):
    """Hold the lock of `fitted`; RuntimeError if another fit of it is running.

    Parameters
    ----------
    fitted : object
    name : str
        Of the object in the error: "this network".
    """
    mine = object()
    # setdefault is one step: two threads cannot both find the place empty.
    if vars(fitted).setdefault(FITTED_BY, mine) is not mine:
        raise RuntimeError(f"{name} is being fitted already, by another thread or a callback")
    try:
        yield
    finally:
        delattr(fitted, FITTED_BY)
