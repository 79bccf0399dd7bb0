"""`Network.fit`: everything is checked, then the network is trained."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from numpy.typing import ArrayLike

from fastnn._kernels import FitLock
from fastnn.data.inputs import Features
from fastnn.data.parts import HasXy, WeightedExamples
from fastnn.engine import passes
from fastnn.engine.base_network import BaseNetwork
from fastnn.errors import DivergenceError
from fastnn.losses.criterion import AnyLoss
from fastnn.schedules import Schedule, ScheduleName
from fastnn.training.descent import descend, descend_by_lbfgs
from fastnn.training.early_stopping import EarlyStopping
from fastnn.training.history import History
from fastnn.training.kept import keep, like_the_last, settings_of
from fastnn.training.monitor import Monitor
from fastnn.training.optimizer_state import OptimizerState
from fastnn.training.optimizers import LBFGS, Optimizer, OptimizerName
from fastnn.training.preparation import prepare
from fastnn.training.progress import Progress, ProgressBar

if TYPE_CHECKING:
    from fastnn.augment.images import Images
    from fastnn.training.checkpointing import Checkpoint

# Called with the network and its History; True stops the fit.
Callback = Callable[[Any, History], object]


class FitOptions(TypedDict, total=False):
    """Options of `fit`, for type checkers: `fit` documents them and has their defaults."""

    dev: WeightedExamples | None
    epochs: int
    batch_size: int | None
    optimizer: OptimizerName | Optimizer | LBFGS | OptimizerState
    learning_rate: float
    schedule: ScheduleName | Schedule | Callable[[float], float] | None
    clip_norm: float | None
    clip_value: float | None
    sample_weight: ArrayLike | None
    loss: AnyLoss | None
    label_smoothing: float
    average: float | None
    shuffle: bool
    early_stopping: bool | int | EarlyStopping | None
    evaluate_every: int | tuple[int, int] | None
    callbacks: Callback | Sequence[Callback]
    progress: bool
    threads: int | None
    augment: Images | None
    gradcheck_at: int | Sequence[int]
    checkpoint: str | os.PathLike[str] | Checkpoint | None
    resume: str | os.PathLike[str] | bool | None


@overload
def fit(
    network: BaseNetwork, X: Features, y: ArrayLike, **options: Unpack[FitOptions]
) -> History: ...
@overload
def fit(network: BaseNetwork, X: HasXy, **options: Unpack[FitOptions]) -> History: ...
def fit(
    network: BaseNetwork,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    *,
    dev: WeightedExamples | None = None,
    epochs: int = 100,
    batch_size: int | None = 128,
    optimizer: OptimizerName | Optimizer | LBFGS | OptimizerState = "adam",
    learning_rate: float = 1e-3,
    schedule: ScheduleName | Schedule | Callable[[float], float] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    sample_weight: ArrayLike | None = None,
    loss: AnyLoss | None = None,
    label_smoothing: float = 0.0,
    average: float | None = None,
    shuffle: bool = True,
    early_stopping: bool | int | EarlyStopping | None = None,
    evaluate_every: int | tuple[int, int] | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    progress: bool = False,
    threads: int | None = None,
    augment: Images | None = None,
    gradcheck_at: int | Sequence[int] = (),
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    resume: str | os.PathLike[str] | bool | None = None,
) -> History:
    """Train from the present theta.

    Parameters
    ----------
    X, y : as for `value_and_grad`
        Any array-like, memory map, or CSR/CSC matrix; never copied whole. Or X alone, a part of
        `fastnn.split`.
    dev : (Xd, yd), (Xd, yd, sample_weight) or a part of `fastnn.split`, optional
        Evaluated after each epoch; early stopping watches it.
    epochs : int
    batch_size : int or None
        None is full-batch descent: one update for each epoch.
    optimizer : str or object
        gd momentum nesterov rmsprop adam adamw lbfgs, or an object with its settings such as
        ``fastnn.Adam(beta1=0.95)``; ``layer_rates=[0, 0.1, 1]`` in it freezes the first of three
        layers and slows the second. L1 gives exact zeros under every one of them. lbfgs is the best
        for convex problems. It does not use batches, learning rate or schedule, and it refuses
        dropout. Or a trainer of this network (`Network.trainer`), with its learning rate and
        schedule: the fit goes on from its last update, so that two fits of 5 epochs are one of 10.
    learning_rate : float
    schedule : str, object or function, optional
        constant linear cosine step exponential inverse, an object of `fastnn.schedules`, or
        a function that gives a factor for the epochs done (2.25: a quarter into the third).
    clip_norm, clip_value : float, optional
        The largest global norm of a gradient, as PyTorch's ``clip_grad_norm_``, or the largest
        size of a component: larger ones are cut down (Pascanu et al., 2013). For wild targets. This
        gradient has no penalty: the optimizer adds it later, as PyTorch's adds its weight_decay.
        The limit then depends on the examples alone, and not on how large the weights are.
    sample_weight : (m,) array-like, optional
    loss : Loss or function, optional
        In the place of the output's: a `fastnn.Loss`, such as those of `fastnn.losses`, or a
        function ``(A, y) -> (losses, dA)`` of whole mini-batches. It gets output activations A
        (rows, n[L]) and targets y, and returns the losses of the rows (rows,) and their slopes by
        A; J is the mean of the losses. y may then have any number of columns. J and dev J are of
        this loss; the errors are still of the output.
    label_smoothing : float in [0, 1), default 0.0
        This share of every label is spread over all classes (Szegedy et al., 2016), in J and dev J,
        too. Only for the cross-entropy of a softmax output; y may also be probabilities.
    average : float in [0, 1), optional
        Decay of an exponential moving average of theta, such as 0.999: after every update ``average
        = decay average + (1 - decay) theta``. It begins with theta after the first update. Costs,
        errors, early stopping and callbacks see the average, and the network has it after the fit
        (Polyak and Juditsky, 1992). Not for lbfgs; a trainer has its own.
    shuffle : bool
        A new order of rows every epoch.
    early_stopping : bool, int or EarlyStopping, optional
        True, a patience in epochs, or an object; restores the best parameters. Needs `dev`.
    evaluate_every : int or (int, int), optional
        Epochs between evaluations of cost and errors on all of X and dev. Entries between are NaN;
        the last epoch is always evaluated. 0: never, which is fastest. A pair has one number for X
        and one for dev: (10, 1) is enough for early stopping, and saves most of the time of
        evaluations. None: every epoch with `dev`, callbacks or full-batch descent; else every epoch
        as long as evaluations cost some 1 ms in all, and then every tenth, since an evaluation
        takes a quarter or a third of the time of an epoch.
    callbacks : sequence of functions
        Called as ``callback(net, history)`` after each epoch; one that returns True stops
        the fit. `OptunaPruningCallback` is one.
    progress : bool
        Show a progress bar.
    threads : int, optional
        None: the number that turns out fastest while training. It is limited by the work of a
        step, by the processors that this process may use, and by the environment's OMP_NUM_THREADS
        (which joblib, Dask and Ray set in their workers). The result has the same bits for any.
    augment : fastnn.augment.Images, optional
        Distorts the images that are the rows of a dense X, anew in every epoch. Cost and errors
        are evaluated without it. Not for lbfgs: its J must stay the same.
    gradcheck_at : int or sequence of int
        (0, 5): check gradients at initialization and again when 5 epochs are done. The check takes
        the first 64 examples, dropout's masks, and at most 10,000 components of theta.
        `History.gradchecks` keeps the results.
    checkpoint : path or Checkpoint, optional
        A file for the state of the fit, saved after every epoch, or as the object says. Not for
        lbfgs.
    resume : path or True, optional
        A checkpoint to go on from. theta and History get the same bits (times and gradchecks
        apart) as without the interruption. True: go on from `checkpoint` if there is such a file,
        so that the same call begins and goes on. X, y, dev, sample_weight, the network and
        everything else that the bits depend on must be as before; of arrays over 64 MiB a sample
        of rows is compared. `epochs` may be more if the schedule does not depend on them. The
        callbacks of the last saved epoch are called again.

    Returns
    -------
    History

    Raises
    ------
    DivergenceError
        A cost, gradient or parameter was not finite; the last finite theta is restored.
    KeyboardInterrupt
        On Ctrl-C, after at most some 100 ms. theta is as the last finished batch has left it, and
        `history` is kept.
    ModelFormatError
        The file to resume from is not a checkpoint, or is damaged.
    ValueError, TypeError
        Before anything has changed.
    """
    options = dict(locals())
    del options["network"], options["X"], options["y"]
    task = like_the_last(network, X, y, options) or prepare(network, X, y, **options)
    return run(task, options=options)


def run(task, progress=None, options=None):
    """Train as a `Task` says; each task can be run once.

    Parameters
    ----------
    task : Task
    progress : Progress, optional
        Watches the fit, in place of the bar that the task may ask for.
    options : dict, optional
        The arguments of `fit`. The next fit of the network with the same ones can then use the
        session of this one again.

    Returns
    -------
    History
    """
    network, history = task.network, History()
    history.must_fall, history.settings = task.must_fall, task.settings
    with FitLock([network], ["this network"]):
        try:
            network.history = history
            _train(task, history, progress or _progress_of(task), options)
            history.stopped = history.stopped or "epochs"
        except KeyboardInterrupt:
            history.stopped = "interrupted"
            raise
        except DivergenceError:
            history.stopped = "diverged"
            raise
        finally:
            history.stopped = history.stopped or "error"
    return history


def _train(task, history, progress, options):
    network, by_lbfgs = task.network, isinstance(task.optimizer, LBFGS)
    if task.optimizer_state is None:
        history.dropout_seed = int(network.rng.integers(2**63))
    else:
        history.dropout_seed = task.optimizer_state.seed
    if task.kept is None:
        session = passes.open_session(
            network,
            *task.data,
            batch_size=None if by_lbfgs else task.batch_size,
            threads=task.threads,
            training=not by_lbfgs,
            criterion=task.criterion,
        )
    else:
        session = task.kept.session
    monitor = Monitor(task, history, session, progress)
    with monitor.progress:
        if task.normalizer is not None and task.kept is None:
            network.normalizer = task.normalizer
        settings = settings_of(network)
        if not task.resumes:
            monitor.check_gradients(0)
        if by_lbfgs:
            descend_by_lbfgs(task, monitor)
        else:
            descend(task, session, monitor)
    monitor.restore_best()
    if options is not None:
        keep(task, session, monitor, options, settings)


def _progress_of(task):
    if not task.progress:
        return Progress()
    return ProgressBar(task.epochs, percent=not task.network.regression)
