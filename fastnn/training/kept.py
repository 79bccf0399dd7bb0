"""A fit like the last one of its network uses the checks and the session of that fit again.

An epoch of a few rows takes less time than to check the options of `fit` and to allocate buffers.
"""

from operator import is_
from typing import Any, NamedTuple

from fastnn import _kernels
from fastnn.data.normalizer import Normalizer
from fastnn.data.parts import as_examples
from fastnn.engine.base_network import KEPT_FIT
from fastnn.engine.examples import check_data, check_finite, criterion_for
from fastnn.engine.step_session import session_settings
from fastnn.losses.criterion import Criterion
from fastnn.losses.loss import Loss
from fastnn.schedules import Schedule
from fastnn.training.descent import is_unwatched
from fastnn.training.optimizers import LBFGS, Optimizer
from fastnn.training.preparation import Task

# Parameters times 6 (theta, gradient, moments, panels both ways) and rows times units times 3, up
# to which they are kept: 256 KiB of float32 for each network that was fitted.
_MOST_NUMBERS = 1 << 16
# Options of these types never change; others may, although they stay the same object.
_CONSTANT = type(None), str, bool, int, float, Optimizer, Schedule, Loss


class Kept(NamedTuple):
    """The checks and the session of a fit, for the next one of its network.

    It holds no examples. It does not hold the network either, which would keep itself alive.
    """

    options: dict[str, Any]  # of `fit`
    settings: tuple[Any, ...]  # of the network
    checked: tuple[Any, ...]  # the Task after its first three entries
    criterion: Criterion
    normalizer: Normalizer | None
    session: _kernels.Session


def settings_of(network):
    """Everything of a network and its process that a kept session rests on."""
    return *session_settings(network), network.loss, id(network.theta), _kernels.variant


def like_the_last(network, X, y, options):
    """The `Task` of a fit that has the options of the last one, without weights; else None."""
    kept = vars(network).get(KEPT_FIT)
    if (
        kept is None
        or not _are_same(options.values(), kept.options.values())
        or kept.settings != settings_of(network)
    ):
        return None
    X, y = as_examples(X, y)
    check_finite(network)
    data = check_data(network, X, y, None, kept.normalizer, kept.criterion)
    # Taken out while it is in use: another thread then makes its own.
    if vars(network).pop(KEPT_FIT, None) is not kept or not kept.session.set_data(*data[:2]):
        return None
    return Task(network, data, kept, *kept.checked)


def keep(task, session, monitor, options, settings):
    """Keep the session of the fit of `task`, if it is small and nothing in its options may change.

    `settings` are `settings_of` the network before its first update.
    """
    network, kept = task.network, task.kept
    if kept is None:
        numbers = 6 * network.theta.size + 3 * session.chunk_rows * sum(network.layer_sizes)
        if (
            numbers > _MOST_NUMBERS
            or task.data[2] is not None
            or isinstance(task.optimizer, LBFGS)
            or not all(map(_is_constant, options.values()))
            or not is_unwatched(task, session, monitor)
            or settings != settings_of(network)
            or task.criterion != criterion_for(network, options["loss"], options["label_smoothing"])
        ):
            return
        kept = Kept(options, settings, task[3:], task.criterion, task.normalizer, session)
    session.release_data()
    vars(network)[KEPT_FIT] = kept


def _are_same(options, others):
    """Whether options have the types and values of others, which are constant."""
    return all(map(is_, options, others)) or all(
        option is other or (type(option) is type(other) and option == other)
        for option, other in zip(options, others, strict=True)
    )


def _is_constant(option):
    return isinstance(option, _CONSTANT) or (isinstance(option, tuple) and not option)
