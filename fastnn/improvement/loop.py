"""`improve`: train, diagnose, try the moves of the recipe, keep a move only if it is better."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastnn.arguments import Rng, generator, integer, number
from fastnn.augment.images import Images
from fastnn.data.parts import Examples, WeightedExamples, as_pair, take, with_weights
from fastnn.diagnosis.bias_variance.by_class import errors_by_class
from fastnn.diagnosis.bias_variance.from_data import CONFIDENCE, diagnose_network
from fastnn.engine.sets import check_set
from fastnn.files.one_process import one_process
from fastnn.improvement.estimators import Begun, is_estimator
from fastnn.improvement.fits import Fits
from fastnn.improvement.moves import Idea, ideas
from fastnn.improvement.result import Improvement, Move
from fastnn.improvement.round import Round
from fastnn.improvement.setting import Setting, check_options
from fastnn.improvement.words import WEIGHTED, knows_no_X, next_step, used_up
from fastnn.network import Network
from fastnn.sweeps.backends import choose_workers
from fastnn.sweeps.jobs import check_fit, make_network
from fastnn.sweeps.store import make_directory
from fastnn.text.names import names_of

if TYPE_CHECKING:
    from fastnn.estimators import MLPClassifier, MLPRegressor

# Moves of the first round, which corrects gross errors, and of the others.
AT_FIRST, AT_ONCE = 3, 8
# Of a search that has no time left: its first network is trained all the same.
_NO_SECONDS = 1e-3


def improve(
    net: Network | Sequence[int] | MLPClassifier | MLPRegressor,
    train: Examples,
    dev: WeightedExamples,
    *,
    seconds: float | None = 60.0,
    trials: int | None = None,
    seeds: int = 3,
    n_jobs: int = -1,
    optimal_error: float | None = None,
    images: Images | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    rng: Rng = 0,
    **options: Any,
) -> Improvement:
    """Improve a network by the basic recipe: diagnose, try, keep the better one.

    A move is kept only if the dev loss is lower beyond chance: by a paired test over the dev
    examples, with the level divided among the moves of the round, and for each of the seeds. The
    test set is never looked at. Ctrl-C ends it with the best network so far.

    Parameters
    ----------
    net : Network, sequence of int, MLPClassifier or MLPRegressor
        Where to begin: the settings of a network and of its last fit, layer sizes, or the
        parameters of an estimator of fastnn. The estimator is then fitted with the best network,
        and has its parameters; one that was fitted before keeps its fit where no move is kept. X
        and y are as for its `fit`.
    train, dev : (X, y), or an object with `.X` and `.y`
        With shares as softmax targets, errors are against the most probable class. If dev is (X, y,
        sample_weight), its losses and errors are weighted means. An estimator with class weights
        gives the classes of dev the same weights.
    seconds : float, optional
        When to stop: running fits then end, except those of the first setting. None: no limit.
    trials : int, optional
        Stop after so many moves. With ``seconds=None`` the result is the same for any `n_jobs`.
    seeds : int, default 3
        Networks of a setting, the same seeds for all settings. A move that is no better with the
        first seed is not trained with the others.
    n_jobs : int, default -1
        Networks that are trained at a time; -1: one for each processor. Within a
        ``joblib.parallel_config(backend=...)`` they are trained by its workers, such as those of
        Dask or Ray. If one dies, a warning tells, and the result is the best until then.
    optimal_error : float, optional
        As for `Network.diagnose`; also where to stop.
    images : fastnn.augment.Images, optional
        Distortions that do not change a label. They are a move where variance is high. Without
        them no column is taken for a pixel.
    checkpoint : path, optional
        A directory that keeps every fit, so that a crash loses at most the running ones (of these
        all but the last 30 s). The same call goes on from there, to the same result if it ends by
        `trials`. Not for lbfgs. Workers on other machines need it in a common file system.
    rng : int, numpy.random.Generator or None
    **options
        Of `Network` and of `Network.fit`, for every network; a move may change them.

    Returns
    -------
    Improvement

    Raises
    ------
    ValueError, TypeError
        Before anything is trained.
    KeyboardInterrupt
        Only if no network has been trained at all.
    ModelFormatError
        A file in `checkpoint` is damaged.
    RuntimeError
        A worker of joblib's backend died before any network was trained.

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.datasets import load_digits
    >>> train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
    >>> result = fastnn.improve([64, 4, 10], train, dev, seconds=None, trials=4, seeds=2,
    ...                         epochs=20, normalize=True)
    >>> result.dev_error < result.first_dev_error
    True
    """
    return planned(
        net,
        train,
        dev,
        seconds=seconds,
        trials=trials,
        seeds=seeds,
        n_jobs=n_jobs,
        optimal_error=optimal_error,
        images=images,
        checkpoint=checkpoint,
        rng=rng,
        **options,
    )()


def planned(
    net: Network | Sequence[int] | MLPClassifier | MLPRegressor,
    train: Examples,
    dev: WeightedExamples,
    *,
    seconds: float | None,
    trials: int | None,
    seeds: int,
    n_jobs: int,
    optimal_error: float | None,
    images: Images | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    rng: Rng = 0,
    **options: Any,
) -> Callable[[float], Improvement]:
    """`improve`, checked: a function of the seconds that are used up, if any, does the work."""
    check_options(options)
    if seconds is not None:
        seconds = number(seconds, "seconds", "(0, inf)")
    if trials is not None:
        trials = integer(trials, "trials", 1)
    if seconds is None and trials is None:
        raise ValueError("expected seconds or trials as an end, got None for both")
    if optimal_error is not None:
        optimal_error = number(optimal_error, "optimal_error", "[0, 1]")
    if not (images is None or isinstance(images, Images)):
        raise TypeError(
            f"expected images to be None or a fastnn.augment.Images, got {images!r} of type "
            f"{type(images).__name__}"
        )
    where, names = choose_workers(n_jobs), names_of(train)
    estimator = Begun(net, train, dev) if is_estimator(net) else None
    if estimator is not None:
        net, options = estimator.layer_sizes, {**estimator.options, **options}
        train, dev = estimator.train, estimator.dev
    *dev, weight = with_weights(dev, "dev")
    seeds_of = generator(rng).integers(2**63, size=integer(seeds, "seeds", 1)).tolist()
    setting = Setting.of(net, options)
    probe, fit_options = make_network(setting.layer_sizes, setting.options, 0)
    for name, part in (("train", train), ("dev", dev)):
        check_set(probe, part, name, plain=True, shares=True)
    X, y = as_pair(train, "train")
    for augment in {fit_options["augment"], images}:
        check_fit(
            probe,
            fit_options | {"augment": augment},
            take(X, slice(2)),
            take(y, slice(2)),
            resumable=checkpoint is not None,
        )
    if checkpoint is not None:
        checkpoint = make_directory(checkpoint)

    def search(used: float = 0.0) -> Improvement:
        left = None if seconds is None else max(seconds - used, _NO_SECONDS)
        with one_process(checkpoint):
            fits = Fits(train, (*dev, weight), seeds_of, *where, left, checkpoint)
            result = Loop(fits, trials, optimal_error, images, names).run(setting)
        if estimator is not None:
            kept = any(move.kept for move in result.moves)
            changed = setting.with_(result.setting)
            result.notes.append(estimator.finish(result.network, changed, kept))
        return result

    return search


class Loop:
    """Rounds of moves, each from the best setting so far."""

    def __init__(self, fits, trials, optimal_error, images, names):
        self._fits, self._trials, self._names = fits, trials, names
        self._optimal_error, self._images = optimal_error, images
        self._moves: list[Move] = []
        self._rounds = 0

    def run(self, setting):
        """Train the first setting, then rounds until one of the ends."""
        best = first = self._fits.first(setting)
        if best.failure:
            raise ValueError(f"the setting to begin with cannot be trained: {best.failure}")
        seen, stopped, diagnosis, known = {setting.key}, self._fits.ended, None, False
        try:
            while not stopped:
                if not known:
                    diagnosis, known = self._diagnose(best), True
                if self._reaches_optimum(best, diagnosis):
                    stopped = "optimal error reached"
                    break
                chosen = self._choose(diagnosis, best, seen)
                if not chosen:
                    stopped = "no move helps" if self._left() else "trials"
                    break
                self._rounds += 1
                this = Round(self._fits, best, chosen)
                found = this.carry_out(room=self._left() > len(chosen))
                first = this.begun if first is best else first
                self._moves += [
                    each.move(self._rounds, diagnosis.verdict, each is this.winner)
                    for each in found
                ]
                best, known = this.best, this.winner is None
                stopped = self._fits.ended or ("time" if self._fits.is_late() else "")
        except KeyboardInterrupt:
            stopped = "interrupted"
        return self._result(first, best, stopped, diagnosis)

    def _diagnose(self, tried):
        # No short fits: the moves themselves try their advice.
        return diagnose_network(
            tried.networks[0],
            self._fits.train,
            self._fits.dev,
            optimal_error=self._optimal_error,
            by_trials=False,
            names=self._names,
        )

    def _reaches_optimum(self, best, diagnosis):
        """Whether the dev error is at the optimal error: a share, of the variance for values."""
        if self._optimal_error is None:
            return False
        regression = best.network.regression
        error = diagnosis.errors["dev_error"] if regression else best.dev_error
        return error <= self._optimal_error

    def _left(self):
        """The number of moves that may still be tried."""
        return AT_ONCE if self._trials is None else self._trials - len(self._moves)

    def _choose(self, diagnosis, best, seen):
        """The next moves that have not been tried, with their settings."""
        chosen: list[tuple[Idea, Setting]] = []
        history = best.networks[0].history
        count = min(AT_ONCE if self._rounds else AT_FIRST, self._left())
        for idea in ideas(diagnosis, best.setting, self._fits.rows, history, self._images):
            if len(chosen) >= count:
                break
            changed = best.setting.with_(idea.change)
            if changed.key not in seen:
                seen.add(changed.key)
                chosen.append((idea, changed))
        return chosen

    def _result(self, first, best, stopped, diagnosis):
        weights = best.setting.get("sample_weight"), self._fits.dev_weight
        targets = self._fits.train[1], self._fits.dev[1]
        nothing = knows_no_X(best.network.output, best.losses.mean(axis=0), *targets, *weights)
        notes = [used_up(best, self._moves)]
        if self._fits.dev_weight is not None:
            notes.append(WEIGHTED)
        return Improvement(
            network=best.network,
            history=best.network.history,
            moves=self._moves,
            dev_error=best.dev_error,
            first_dev_error=first.dev_error,
            dev_loss=float(best.losses.mean()),
            first_dev_loss=float(first.losses.mean()),
            stopped=stopped,
            setting={"layer_sizes": best.setting.layer_sizes, **best.setting.options},
            next_step=next_step(diagnosis, stopped, nothing),
            notes=notes,
            shares=not best.network.regression,
            by_class=errors_by_class(
                best.network, self._fits.train, self._fits.dev, CONFIDENCE, self._names
            ),
        )
