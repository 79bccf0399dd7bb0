"""One fit at a time of a network or an estimator."""

# The attribute that an object has while it is being fitted; copies of the object leave it out.
FITTED_BY = "_fitted_by"


class FitLock:
    """A context manager that lets one fit of an object run at a time; RuntimeError in a second one.

    Parameters
    ----------
    fitted : object
    name : str
        Of the object in the error: "this network".
    """

    def __init__(self, fitted, name):
        self._attributes, self._name = vars(fitted), name

    def __enter__(self):
        # setdefault is one step: two threads cannot both find the place empty.
        if self._attributes.setdefault(FITTED_BY, self) is not self:
            raise RuntimeError(
                f"{self._name} is being fitted already, by another thread or a callback"
            )

    def __exit__(self, *exception):
        del self._attributes[FITTED_BY]
