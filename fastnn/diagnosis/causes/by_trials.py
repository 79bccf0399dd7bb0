"""Causes that short fits show: what would have lowered the error is tried."""

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.causes.association import is_associated
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.inputs import scale_of
from fastnn.diagnosis.causes.losses import baseline, is_lower, is_no_lower
from fastnn.diagnosis.evidence.regularization import is_strong
from fastnn.text.words import percent

# A trial's training loss below this part of another's is worth a word.
LOWER = 0.9
# A learning rate is too small where the same updates at a larger one lower the loss so many times
# as much.
TIMES = 5.0
# And where it goes at least this part of the way to the training loss of a plain network: one that
# is too small gains little by any rate.
WAY = 0.2
# Factors on the learning rate that are tried.
FACTORS = (10.0, 100.0, 1_000.0, 10_000.0)
# Beyond such rates nothing is tried.
LARGEST_RATE = 0.3
# Standard deviations, or means, of targets that a network learns with the usual learning rates.
TARGETS = (0.03, 30.0)
# A class is rare below this share.
RARE = 0.2


def causes_by_trials(trials):
    """The causes of a high training error, the first one to mend in front."""
    network, now = trials.network, trials.now
    off_scale = _target_scale(trials)
    if off_scale:
        yield off_scale
        return
    reference = _reference(trials)
    known_nothing = baseline(network.output, trials.train[1], trials.dev[1])
    if all(
        is_no_lower(trial.dev, known_nothing) and not is_lower(trial.dev, known_nothing)
        for trial in (now, reference)
    ) and not any(
        is_associated(*part, not network.regression) for part in (trials.train, trials.dev)
    ):
        yield from filter(
            None,
            [_never_predicted(trials), _unrelated(network, now, reference, known_nothing)],
        )
        return
    if not _helps(reference, now):
        return  # a plain network, trained in the usual way, is no better
    same = trials.on()
    strong = is_strong(network, trials.rows)
    yield from filter(
        None,
        [
            _scale(trials, reference)
            or (strong and _regularized(trials, same))
            or _too_slow(trials, same, reference)
            or _too_fast(trials, same)
            or _too_short(trials, same)
            or _stuck(trials, same)
            or (not strong and _regularized(trials, same))
            or _too_small(trials, reference)
        ],
    )
    rare = _never_predicted(trials)
    if rare:
        yield rare


def _reference(trials):
    """A network of some size, with all the usual settings."""
    network = trials.network
    first, *hidden, last = network.layer_sizes
    hidden = [max(32, min(2 * n, 256)) for n in hidden] or [32]
    changes = {
        "layer_sizes": [first, *hidden, last],
        "activation": "relu",
        "normalize": True,
        "normalizer": None,
        "init": "auto",
        "init_gain": 1.0,
        "l1": 0.0,
        "l2": 0.0,
        "keep_prob": 1.0,
    }
    return trials.best_anew(changes, learning_rate=1e-3, optimizer="adam", schedule=None)


def _unrelated(network, now, reference, known_nothing):
    best = min((now, reference), key=lambda trial: trial.dev.mean())
    return Cause(
        "X seems to tell nothing of y",
        f"on dev neither this network nor one trained in the usual way is better than an answer "
        f"that does not look at X (loss {best.dev.mean():.3g} against {known_nothing.mean():.3g}),"
        " and no single column goes with y",
        "look whether the rows of X and y belong together (shuffled or shifted labels), whether y "
        "is what you mean to predict, and for better features",
    )


def _target_scale(trials):
    """Whether targets of mean 0 and standard deviation 1 would have been learnt."""
    network = trials.network
    y = as_numbers(trials.train[1], "y").astype(np.float64)
    mean, std = float(y.mean()), float(y.std())
    if not network.regression or network.output == "exp" or not std > 0:
        return None
    low, high = TARGETS
    if low <= std <= high and abs(mean) <= high * std:
        return None
    as_is = min((trials.anew(), trials.now), key=lambda trial: trial.train)
    scaled = trials.of_targets(lambda y: (y - mean) / std).anew()
    scaled = scaled._replace(train=scaled.train * std**2, dev=scaled.dev * std**2)
    if not _helps(scaled, as_is):
        return None
    return Cause(
        "the targets are far from 0 and 1",
        f"they have mean {mean:.3g} and standard deviation {std:.3g}; "
        + _tried(trials, scaled, as_is),
        "standardize y: train on (y - mean) / std, and undo it for predictions",
    )


def _scale(trials, reference):
    network = trials.network
    scale = scale_of(trials.train[0])
    if network.normalize or not scale.is_off():
        return None
    # Losses of columns that are out of scale go up and down: of both, the best epoch is compared.
    normalized, as_is = trials.best_anew({"normalize": True}), trials.best_anew({})
    worse = min((as_is, trials.now), key=lambda trial: trial.train)
    # A tenth is worth a word, and so is half of the way to a plain network where that is less.
    half_way = (worse.train + reference.train) / 2
    enough = normalized.train < max(LOWER * worse.train, half_way)
    if not (enough and is_lower(normalized.dev, worse.dev, 1.0)):
        return None
    return Cause(
        "the inputs are not normalized",
        f"the columns of X have {scale.words()}; {_tried(trials, normalized, as_is)}",
        "use new weights with normalize=True, which gives each column mean 0 and standard "
        "deviation 1",
        {"normalize": True},
    )


def _too_slow(trials, same, reference):
    rate, start = trials.learning_rate, trials.now.train
    tried = {
        rate * factor: trials.on(learning_rate=rate * factor)
        for factor in FACTORS
        if rate * factor <= LARGEST_RATE
    }
    if not tried:
        return None
    best = min(tried, key=lambda rate: tried[rate].train)
    gain, usual = start - tried[best].train, max(start - same.train, 0.0)
    enough = max(TIMES * usual, WAY * (start - reference.train))
    if not (tried[best].train < LOWER * start and gain > enough):
        return None
    return Cause(
        f"the learning rate, {rate:g}, is too small",
        _tried(trials, tried[best], same),
        f"train on with learning_rate={best:g}",
        {"learning_rate": best},
    )


def _too_short(trials, same):
    now = trials.now
    if not _helps(same, now):
        return None
    history = trials.network.history
    updates = trials.done
    epochs = "" if history is None else f" after {len(history)} epoch{_s(len(history))}"
    done = "" if updates is None else f" ({updates:,} update{_s(updates)})"
    wanted = max(2 * (len(history) if history else 1), len(history or ()) + trials.epochs)
    return Cause(
        f"the network is not trained long enough{epochs}{done}",
        _tried(trials, same, now),
        f"train longer: try {wanted} epochs",
        {"epochs": wanted},
    )


def _too_fast(trials, same):
    rate = trials.learning_rate
    as_is, fresh = min((same, trials.now), key=lambda trial: trial.train), trials.anew()
    slower = {
        rate / factor: trials.best_anew({}, learning_rate=rate / factor)
        for factor in FACTORS[:3]
        if rate / factor >= 1e-4
    }
    if not slower:
        return None
    lowest = min(slower.values(), key=lambda trial: trial.dev.mean())
    # New weights alone can help too: the rate must make a difference of its own.
    apart = _helps(lowest, fresh) or is_lower(lowest.dev, fresh.dev)
    if not (_helps(lowest, as_is) and apart):
        return None
    # Of rates that are as good, the smallest: it is the last to overfit in a longer fit.
    best = min(rate for rate in slower if not is_lower(lowest.dev, slower[rate].dev, 1.0))
    return Cause(
        f"the learning rate, {rate:g}, is too large",
        _tried(trials, slower[best], as_is),
        f"use new weights and learning_rate={best:g}",
        {"learning_rate": best, "init": trials.network.spec["init"]},
    )


def _stuck(trials, same):
    network = trials.network
    fresh = trials.anew({"init": "auto", "init_gain": 1.0})
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    if not _helps(fresh, as_is):
        return None
    init, gain = network.spec["init"], network.spec["init_gain"]
    now = [f"init={init!r}"] if init != "auto" else []
    now += [f"init_gain={gain:g}"] if gain != 1 else []
    return Cause(
        "training is stuck at these weights",
        _tried(trials, fresh, as_is),
        "use new weights" + (f" with init='auto' (now {', '.join(now)})" if now else ""),
        {"init": "auto", "init_gain": 1.0},
    )


def _regularized(trials, same):
    network = trials.network
    if not (max(network.l2) or max(network.l1) or min(network.keep_prob) < 1):
        return None
    free = trials.anew({"l2": 0.0, "l1": 0.0, "keep_prob": 1.0})
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    if not _helps(free, as_is):
        return None
    return Cause(
        "the network is regularized too strongly",
        _tried(trials, free, as_is),
        "regularize less",
        {
            "l2": max(network.l2) / 10,
            "l1": max(network.l1) / 10,
            "keep_prob": (1 + min(network.keep_prob)) / 2,
        },
    )


def _too_small(trials, reference):
    network, now = trials.network, trials.now
    sizes = list(reference.network.layer_sizes)
    bigger = trials.anew({"layer_sizes": sizes, "activation": _activation(network, sizes)})
    if not (_helps(bigger, now) and is_lower(bigger.dev, now.dev)):
        return None
    return Cause(
        "the network is too small",
        _tried(trials, bigger, now),
        f"bigger network: try {sizes} (now {list(network.layer_sizes)})",
        {"layer_sizes": sizes},
    )


def _activation(network, sizes):
    """The network's activations, of a network of other layer sizes."""
    hidden = len(sizes) - 2
    if len(network.activation) == hidden:
        return network.activation
    return network.activation[0] if network.activation else "relu"


def _never_predicted(trials):
    network = trials.network
    y = as_numbers(trials.train[1], "y").reshape(-1)
    # Only where each example has one label, and a whole one: shares of several are no classes.
    if network.regression or len(y) != trials.rows or (y != np.rint(y)).any():
        return None
    y = y.astype(np.int64)
    share = np.bincount(y) / len(y)
    given = np.unique(network.predict(trials.train[0]))
    missing = [k for k in np.flatnonzero(share > 0) if k not in given]
    if len(given) > 1 or not missing or share[missing].max() >= RARE:
        return None
    return Cause(
        "one answer is given to every example",
        f"class {given[0]}, the most frequent one ({percent(share[given[0]])}); "
        f"never class {', '.join(map(str, missing))}",
        "weigh the rare classes higher by sample_weight, or decide by the probabilities: a "
        "threshold below a half",
    )


def _helps(better, worse):
    """Whether one trial is better than another on the training rows, and on the dev rows."""
    return better.train < LOWER * worse.train and is_lower(better.dev, worse.dev, 1.0)


def _tried(trials, better, worse):
    return (
        f"tried for {trials.updates:,} updates: training loss {better.train:.3g} instead of "
        f"{worse.train:.3g}, dev loss {better.dev.mean():.3g} instead of "
        f"{worse.dev.mean():.3g}"
    )


def _s(count):
    return "" if count == 1 else "s"
