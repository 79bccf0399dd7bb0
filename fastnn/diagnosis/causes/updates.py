"""Causes in the options of the fit: its learning rate, its length, and what holds it back."""

from dataclasses import replace
from typing import Any, NamedTuple

from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.followed import errors
from fastnn.diagnosis.causes.losses import is_lower
from fastnn.diagnosis.causes.trials import PLAIN, compared, helps
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.text.words import counted

# A learning rate is too small if the same updates at a larger one lower the loss so many times as
# much.
TIMES = 5.0
# They also take it at least this part of the way to the training loss of a plain network. A network
# that is too small gains little by any rate.
WAY = 0.2
# A rate fell too soon where as many epochs again would have less than this part of it on average.
# Twice the epochs of cosine have 0.18, of linear 0.25.
FALLEN = 0.05
# Factors on the learning rate that are tried.
FACTORS = (10.0, 100.0, 1_000.0, 10_000.0)
# No larger rate is tried.
LARGEST_RATE = 0.3


def too_slow(trials, reference):
    if trials.by_lbfgs:  # it has no learning rate
        return None
    rate, start = trials.learning_rate, trials.now.train
    tried = {
        rate * factor: trials.best_on(learning_rate=rate * factor)
        for factor in FACTORS
        if rate * factor <= LARGEST_RATE
    }
    if not tried:
        return None
    best = min(tried, key=lambda rate: tried[rate].dev.mean())
    gain = start - tried[best].train
    if not (helps(tried[best], trials.now) and gain > WAY * (start - reference.train)):
        return None
    same = trials.on()
    if gain <= TIMES * (start - same.train):
        return None
    return Cause(
        f"the learning rate, {rate:g}, is too small",
        compared(tried[best], same),
        f"train on with learning_rate={best:g}",
        {"learning_rate": best},
    )


def too_short(trials, same):
    now = trials.now
    if not helps(same, now):
        return None
    if trials.settings.get("weighted"):
        return _weighted(trials, same)
    if trials.settings.get("loss") or trials.settings.get("augmented"):
        return None  # trials use neither, so that their loss says nothing of the fit
    if trials.by_lbfgs:
        return _too_short_by_lbfgs(trials, same)
    history = trials.network.history
    updates = trials.done
    epochs = "" if history is None else f" after {counted(len(history), 'epoch')}"
    done = "" if updates is None else f" ({counted(updates, 'update')})"
    # As many updates as the trial had, in the mini-batches of the fit.
    epochs_again = -(-trials.updates // trials.settings.get("batches", trials.updates))
    wanted = max(2 * (len(history) if history else 1), len(history or ()) + epochs_again)
    if history is not None and history.stopped == "early stopping":
        patience = patience_for(wanted)
        return Cause(
            f"early stopping ended the fit too soon{epochs}{done}",
            compared(same, now),
            f"more patience: early_stopping={patience}, and {wanted} epochs",
            {"epochs": wanted, "early_stopping": patience},
        )
    smaller = ""
    if trials.settings.get("batches") == 1 and trials.batch_size < trials.rows:
        smaller = f", or in mini-batches, as this trial did: batch_size={trials.batch_size}"
    return Cause(
        f"the network is not trained long enough{epochs}{done}",
        compared(same, now),
        f"train longer: try {wanted} epochs{smaller}",
        {"epochs": wanted},
    )


def _too_short_by_lbfgs(trials, same):
    """The cause where lbfgs ended too soon: more of it is advised if that helps, else Adam."""
    optimizer, done = trials.settings["optimizer"], len(trials.network.history)
    name = f"the network is not trained long enough after {counted(done, 'epoch')} of lbfgs"
    longer = trials.best_on(optimizer=optimizer, batch_size=None)
    if helps(longer, trials.now):
        wanted = done + longer.network.history.best_epoch + 1
        advice, change = f"train longer: try {wanted} epochs of lbfgs", {"epochs": wanted}
        return Cause(name, compared(longer, trials.now), advice, change)
    batches = -(-trials.all_rows // trials.batch_size)
    return Cause(
        name,
        compared(same, trials.now),
        f'train on with optimizer="adam", in mini-batches: batch_size={trials.batch_size}, '
        f"{counted(-(-same.updates // batches), 'epoch')}",
        {},
    )


def _weighted(trials, same):
    """The cause where a fit without sample weights does better by errors that have none."""
    if trials.weighted_errors:
        return None
    return Cause(
        "the fit had sample weights, and these errors have none",
        f"without weights {compared(same, trials.now)}",
        "judge the network by what the weights are for, as with net.error(X, y, sample_weight); "
        "for fewer errors of all rows alike, train without them",
    )


def held_back(trials, same):
    """An option of the fit without which the same updates lower the error."""
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    tried = [(option, trials.best_on(**option.instead)) for option in _options(trials)]
    if not tried:
        return None
    option, best = min(tried, key=lambda pair: pair[1].dev.mean())
    fewer = is_lower(errors(best.network, trials.dev), errors(as_is.network, trials.dev))
    if not (fewer and helps(best, as_is)):
        return None
    return Cause(option.name, compared(best, as_is), option.advice, option.change)


class _Option(NamedTuple):
    """An option of the last fit, and those of a trial without it."""

    name: str
    instead: dict[str, Any]
    advice: str
    change: dict[str, Any]


def _options(trials):
    for name, value in trials.own().items():
        said, plain = f"{name}={value:g}" if value else f"{name}={value}", {name: PLAIN[name]}
        yield _Option(f"{said} holds the fit back", plain, f"train on without {said}", plain)
    rate, later = trials.learning_rate, trials.later_rate
    rates = trials.network.history.learning_rate if trials.settings else ()
    if rates and later < FALLEN * rate:
        yield _Option(
            f"the learning rate fell too soon, from {rate:g} to {rates[-1]:.3g}",
            {"learning_rate": rate},
            "train on with a schedule that falls later, or with none",
            {"schedule": None},
        )
    optimizer = trials.settings.get("optimizer")
    decay = getattr(optimizer, "weight_decay", 0.0)
    if decay:
        yield _Option(
            f"weight_decay={decay:g} holds the fit back",
            {"optimizer": replace(optimizer, weight_decay=0.0)},
            f"train on with a weight_decay that is smaller than {decay:g}",
            {},
        )
    layer_rates = getattr(optimizer, "layer_rates", None)
    if layer_rates is not None and not all(layer_rates):
        frozen = [str(l) for l, rate in enumerate(layer_rates, start=1) if not rate]
        yield _Option(
            f"layer_rates freeze layer{'s' if len(frozen) > 1 else ''} {' and '.join(frozen)}",
            {"optimizer": replace(optimizer, layer_rates=None)},
            "let all layers learn",
            {},
        )


def too_fast(trials, same):
    if trials.by_lbfgs:
        return None
    rate = trials.learning_rate
    as_is, fresh = min((same, trials.now), key=lambda trial: trial.train), trials.best_anew({})
    slower = {
        rate / factor: trials.best_anew({}, learning_rate=rate / factor)
        for factor in FACTORS[:3]
        if rate / factor >= 1e-4
    }
    if not slower:
        return None
    lowest = min(slower.values(), key=lambda trial: trial.dev.mean())
    # New weights alone can help, too: the rate must make a difference of its own.
    apart = helps(lowest, fresh) or is_lower(lowest.dev, fresh.dev)
    if not (helps(lowest, as_is) and apart):
        return None
    # The smallest of equally good rates is the last to overfit in a longer fit.
    best = min(rate for rate in slower if not is_lower(lowest.dev, slower[rate].dev, 1.0))
    return Cause(
        f"the learning rate, {rate:g}, is too large",
        compared(slower[best], as_is),
        f"use new weights and learning_rate={best:g}",
        {"learning_rate": best, "init": trials.network.spec["init"]},
    )
