"""The loop over perturbed components around a function that Numba has compiled."""

from numba import njit


# Not cached on disk: it is compiled for a function of the user, which may change.
@njit(nogil=True)
def evaluate(fun, x, shape, components, points, values, args):
    """``values[r, k] = fun(x with points[r, k] at components[r])``; x is as before at the end."""
    for r in range(components.size):
        i = components[r]
        keep = x[i]
        for k in range(points.shape[1]):
            x[i] = points[r, k]
            values[r, k] = fun(x.reshape(shape), *args)
        x[i] = keep
