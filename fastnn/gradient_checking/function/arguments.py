"""Checks of the arguments of `fastnn.gradcheck`: the components, and the steps."""

import numpy as np

from fastnn.arguments import integer, number


def check_callable(fun, grad):
    if not callable(fun):
        raise TypeError(f"expected fun to be a function of theta, got {type(fun).__name__}")
    if grad is None:
        raise TypeError("expected grad to be a function of theta or an array, got None")


def choose(parameters, indices, sample, rng):
    """Numbers of the components to check, ascending: the arguments of `gradcheck`."""
    size = sum(p.size for p in parameters)
    if indices is not None and sample is not None:
        raise ValueError("expected indices or sample, got both")
    if sample is not None:
        return _stratified(parameters, size, integer(sample, "sample", 1), rng)
    if indices is None:
        return np.arange(size)
    chosen = np.asarray(indices)
    if chosen.dtype == bool:
        if chosen.shape != (size,):
            raise ValueError(
                f"expected a mask of {size} components as indices, got shape {chosen.shape}"
            )
        chosen = np.flatnonzero(chosen)
    if chosen.size == 0:
        raise ValueError("expected at least one component in indices, got none")
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1:
        raise TypeError(
            "expected indices to be a list of integers or a mask of bools, got dtype "
            f"{chosen.dtype} and shape {chosen.shape}"
        )
    bad = chosen[(chosen < -size) | (chosen >= size)]
    if bad.size:
        raise ValueError(f"expected indices below {size}, got {bad[0]}")
    return np.unique(np.where(chosen < 0, chosen + size, chosen))


def _stratified(parameters, size, count, rng):
    """A random sample from each array in proportion to its size, at least one if there is room."""
    if count >= size:
        return np.arange(size)
    sizes = np.array([p.size for p in parameters])
    take = np.minimum(sizes, 1) if count >= sizes.size else np.zeros_like(sizes)
    wanted = (count - take.sum()) * (sizes - take) / max((sizes - take).sum(), 1)
    take = take + np.floor(wanted).astype(int)
    rest = np.argsort(np.floor(wanted) - wanted, kind="stable")
    rest = [k for k in rest if take[k] < sizes[k]][: count - take.sum()]
    take[rest] += 1
    return np.sort(
        np.concatenate(
            [
                p.start + rng.choice(p.size, k, replace=False)
                for p, k in zip(parameters, take, strict=True)
            ]
        )
    )


def check_epsilon(epsilon, method, theta):
    if epsilon is None or method == "complex-step":
        return None
    if np.ndim(epsilon) == 0:
        return number(epsilon, "epsilon", "(0, inf)")
    epsilon = np.asarray(epsilon, np.float64)
    if epsilon.shape != theta.shape:
        raise ValueError(
            f"expected epsilon to be one number or {theta.size}, one for each "
            f"component, got shape {epsilon.shape}"
        )
    if not (np.isfinite(epsilon) & (epsilon > 0)).all():
        raise ValueError("expected epsilon above 0 and finite everywhere")
    return epsilon
