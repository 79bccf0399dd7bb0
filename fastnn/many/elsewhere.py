"""`fit_many` on a backend of joblib: networks go to its workers, their parameters come back."""

import contextlib
import pickle

from fastnn._kernels import FitLock
from fastnn.sweeps.backends import BackendError, on_backend
from fastnn.training.fitting import run
from fastnn.training.optimizer_state import OptimizerState
from fastnn.training.preparation import prepare


def train_elsewhere(fits, n_jobs, backend):
    """Train networks by the workers of a backend, each to the bits of its `fit` here.

    Each network is changed once its fit has ended: theta, normalizer, generator and history.

    Parameters
    ----------
    fits : list of (network, X, y, options)
        Checked.
    n_jobs : int
    backend : str or backend of joblib

    Returns
    -------
    list of Exception or None
        The error of each fit.

    Raises
    ------
    TypeError
        A network or an option cannot be sent.
    BackendError
        Its note says how many networks are trained.
    """
    networks = [network for network, *_ in fits]
    for k, (_, _, _, options) in enumerate(fits):
        if isinstance(options["optimizer"], OptimizerState):
            raise TypeError(
                f"networks[{k}]: expected an optimizer by name or by settings, got a trainer: its "
                "state stays in this process. Train on threads, without joblib.parallel_config"
            )
    errors, trained = [None] * len(fits), 0
    with FitLock(networks, [f"networks[{k}]" for k in range(len(networks))]):
        calls = [(k, *each) for k, each in enumerate(fits)]
        try:
            with contextlib.closing(on_backend(_fit, calls, n_jobs, backend)) as results:
                for k, error, *state in results:
                    errors[k] = error
                    _take_over(networks[k], *state)
                    trained += 1
        except BackendError as error:
            error.add_note(
                f"{trained} of {len(fits)} networks are trained. The others are as before: their "
                "`history` is not of this call. Call fit_many again with them."
            )
            raise
    return errors


def _fit(k, network, X, y, options):
    """Train a network, in another process; its number, an error, and all that has changed."""
    error = None
    try:
        run(prepare(network, X, y, **options))
    except Exception as failure:
        error = _sendable(failure)
    state = network.rng.bit_generator.state
    return k, error, network.theta, network.normalizer, state, network.history


def _take_over(network, theta, normalizer, state, history):
    network.theta[...] = theta
    if normalizer is not None:
        network.normalizer = normalizer
    network.rng.bit_generator.state = state
    network.history = history


def _sendable(error):
    """The error, or its text if pickle cannot make it again."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
