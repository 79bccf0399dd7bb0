"""The same bits on every CPU. Internal: it may change at any time."""

from types import TracebackType

from fastnn import _kernels
from fastnn.arguments import boolean


class deterministic:
    """Let fastnn compute the same bits on every CPU from now on, or as fast as it can again.

    On one type of CPU the results have the same bits anyway, for any number of threads. Another
    type has vectors of another length, and its fused multiply-adds round once instead of twice.
    With ``across_cpus=True`` the core computes in the one order, and with the one rounding, that
    all CPUs have. `python -m bench --only portable` measures its cost.

    Parameters
    ----------
    across_cpus : bool
        True: the arithmetic that all CPUs have. False: the fastest variant of this CPU.

    Notes
    -----
    It holds for the whole process: for fits, passes and trainers that begin from now on. In a
    ``with`` block it holds until its end. Processes that a sweep starts need
    ``FASTNN_VARIANT=portable`` in their environment instead. It does not hold for other libraries,
    and their bits depend on the CPU: SciPy computes a part of the optimizer lbfgs; NumPy computes
    the cosine and the powers of schedules and the exponential of elastic distortions.
    `python -m proof --only cpus` compares emulated CPUs.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.linspace(-1, 1, 30).reshape(10, 3)
    >>> with fastnn.deterministic(across_cpus=True):
    ...     net = fastnn.Network([3, 4, 1], output="identity", rng=0)
    ...     history = net.fit(X, X[:, 0], epochs=5)
    """

    def __init__(self, *, across_cpus: bool) -> None:
        portable = boolean(across_cpus, "across_cpus")
        self._before = _kernels.choose("portable" if portable else _kernels.variants()[0])

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _kernels.choose(self._before)
