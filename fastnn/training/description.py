"""The description of a run: what a checkpoint keeps and compares, and what a `History` has."""

import hashlib

from fastnn.files.fingerprint import fingerprint
from fastnn.files.header import canonical
from fastnn.schedules import SCHEDULES, Constant, Schedule
from fastnn.training.optimizers import LBFGS


def describe_run(network, normalizer, X, y, sample_weight, dev, **settings):
    """Everything that the bits of a run depend on, as {name: value} in types that JSON knows.

    It leaves out init, rng and theta, which the checkpoint replaces. It leaves out threads and
    progress, on which no bit depends, callbacks, which cannot be compared, and epochs, which may be
    more when the run goes on.
    """
    spec = network.spec
    names = ("layer_sizes", "activation", "output", "keep_prob", "l2", "l1", "max_norm", "dtype")
    run = {name: spec[name] for name in names}
    run["normalizer"] = (
        normalizer and hashlib.sha256(canonical(normalizer.to_dict()).encode()).hexdigest()
    )
    run["rng"] = type(network.rng.bit_generator).__name__
    Xd, yd, dev_weight = (None, None, None) if dev is None else dev
    for name, array in (
        ("X", X),
        ("y", y),
        ("sample_weight", sample_weight),
        ("Xd of dev", Xd),
        ("yd of dev", yd),
        ("sample_weight of dev", dev_weight),
    ):
        run[name] = fingerprint(array)
    run["schedule"] = _schedule_name(settings.pop("schedule"))
    for name, value in settings.items():
        known = value is None or isinstance(value, bool | int | float)
        run[name] = value if known else repr(value)
    return run


def settings_of_task(task):
    """What `History.settings` has of a fit, as {name: value}."""
    return {
        "epochs": task.epochs,
        "batch_size": task.batch_size,
        "batches": task.batches,
        "optimizer": task.optimizer,
        "learning_rate": task.learning_rate,
        "schedule": task.schedule,
        "clip_norm": task.clipping[0] or None,
        "clip_value": task.clipping[1] or None,
        "label_smoothing": task.criterion.smoothing,
        "average": task.average,
        "shuffle": task.shuffle or task.batches == 1,
        "weighted": task.data[2] is not None,
        "augmented": task.augmenter is not None,
        "loss": None if task.criterion.loss is task.network.loss else task.criterion.name,
    }


def _schedule_name(schedule):
    """The name of a schedule; functions have one name, because their rates are compared."""
    if schedule is None:
        return repr(Constant())
    if isinstance(schedule, str):
        return repr(SCHEDULES[schedule]())
    return repr(schedule) if isinstance(schedule, Schedule) else "a function"


def check_resumable(network, optimizer):
    """Refuse an optimizer or a generator that a checkpoint could not go on with."""
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "checkpoint and resume are not for lbfgs: its memory is within SciPy; expected "
            "another optimizer. Save the network now and then in a callback, and fit it on: lbfgs "
            "then begins anew from those parameters"
        )
    name = type(network.rng.bit_generator).__name__
    if name not in ("PCG64", "PCG64DXSM"):
        raise TypeError(
            f"a checkpoint stores generators of NumPy's PCG64, got {name}; make the Network with "
            "rng=seed or rng=np.random.default_rng(seed)"
        )
