"""Causes that short fits show: changes that would have lowered the error are tried."""

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.causes.association import is_associated, should_show
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.inputs import scale_of
from fastnn.diagnosis.causes.losses import SIGMAS, baseline, is_lower, is_no_lower
from fastnn.diagnosis.causes.trials import LOWER, PLAIN, compared, helps
from fastnn.diagnosis.causes.uneven import has_enough, never_predicted
from fastnn.diagnosis.causes.units import saturated, stuck
from fastnn.diagnosis.causes.updates import held_back, too_fast, too_short, too_slow
from fastnn.diagnosis.evidence.regularization import is_strong
from fastnn.diagnosis.evidence.resizing import resized

# New networks get so many times the updates of a trial: the user's network has had some before.
LONGER = 3
# Standard deviations, or means, of targets that a network learns with the usual learning rates.
TARGETS = (0.03, 30.0)


def causes_by_trials(trials, of_training):
    """The causes of a high error, the first one to mend in front.

    `of_training`: the training error is high. Else only the dev error is: a network that is large
    enough learns by heart even rows that X tells nothing of.
    """
    network, now = trials.network, trials.now
    off_scale = of_training and _target_scale(trials)
    if off_scale:
        yield off_scale
        return
    known_nothing = baseline(network.output, trials.train[1], trials.dev[1])

    def knows_nothing(trial):
        return is_no_lower(trial.dev, known_nothing) and not is_lower(trial.dev, known_nothing)

    if not of_training and not knows_nothing(now):
        yield from filter(None, [_scale_for_dev(trials)])
        return
    reference = _reference(trials)
    rare = filter(None, [never_predicted(network, trials.train, trials.names)])
    if knows_nothing(now) and knows_nothing(reference) and has_enough(network, trials.train):
        known = [
            is_associated(*part, not network.regression) for part in (trials.train, trials.dev)
        ]
        mixed_up = _mixed_up(trials, *known)
        if mixed_up or not any(known):
            yield from rare
            yield mixed_up or _unrelated(network, now, reference, known_nothing)
            return
    if not of_training:
        yield from filter(None, [_scale_for_dev(trials)])
    elif helps(reference, now):  # else a plain network, trained in the usual way, is no better
        yield from filter(None, [_of_training(trials, reference)])
    yield from rare


def _of_training(trials, reference):
    """The first change that helps, where a plain network does better."""
    same = trials.best_on()
    strong = is_strong(trials.network, trials.all_rows)
    return (
        _scale(trials, reference)
        or (strong and _regularized(trials, same))
        or held_back(trials, same)
        or too_fast(trials, same)
        or saturated(trials)
        or too_slow(trials, reference)
        or too_short(trials, same)
        or stuck(trials, same)
        or (not strong and _regularized(trials, same))
        or _too_small(trials, reference)
    )


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
        "max_norm": None,
    }
    return trials.best_anew(
        changes,
        **PLAIN,
        learning_rate=1e-3,
        optimizer="adam",
        epochs=LONGER * trials.epochs,
    )


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


def _mixed_up(trials, in_train, in_dev):
    """The cause where X goes with y in one of the sets, and should in the other."""
    if in_train == in_dev:
        return None
    train, dev = ("training", trials.train), ("dev", trials.dev)
    (there, part), (name, other) = (train, dev) if in_train else (dev, train)
    found = should_show(part, other, not trials.network.regression)
    if found is None:
        return None
    j, r, r_other = found
    return Cause(
        f"y does not belong to X in {name}",
        f"{trials.names.of_columns([j])} goes with {trials.names.target} in {there} (rank "
        f"correlation {r:.2g}), and not in {name} ({r_other:.2g}); on dev neither this network nor "
        "one trained in the usual way is better than an answer that does not look at X",
        f"look whether the rows of X and y of {name} belong together (shuffled, sorted or shifted "
        "labels), and whether both sets are of one source",
    )


def _target_scale(trials):
    """A Cause if the network learns targets of mean 0 and standard deviation 1, but not these."""
    network = trials.network
    y = as_numbers(trials.train[1], "y").astype(np.float64)
    mean, std = float(y.mean()), float(y.std())
    if not network.regression or network.output == "exp" or not std > 0:
        return None
    low, high = TARGETS
    if low <= std <= high and abs(mean) <= high * std:
        return None
    as_is = min((trials.anew(), trials.now), key=lambda trial: trial.train)
    scaled = trials.of_standard_targets(mean, std)
    if not helps(scaled, as_is):
        return None
    return Cause(
        "the targets are far from 0 and 1",
        f"they have mean {mean:.3g} and standard deviation {std:.3g}; " + compared(scaled, as_is),
        "standardize y: train on (y - mean) / std, and undo it for predictions",
    )


def _scale(trials, reference):
    tried = _normalized(trials)
    if tried is None:
        return None
    normalized, as_is = tried
    worse = min((as_is, trials.now), key=lambda trial: trial.train)
    # A gain counts if it is a tenth, or half of the way to a plain network if that is less.
    half_way = (worse.train + reference.train) / 2
    fits_better = normalized.train < max(LOWER * worse.train, half_way)
    if fits_better and is_lower(normalized.dev, worse.dev, 1.0):
        return _not_normalized(trials, normalized, as_is)
    # A longer fit of columns out of scale can learn by heart: only the dev loss shows that.
    if helps(normalized, trials.now) and _gains(normalized, as_is, 1.0):
        return _not_normalized(trials, normalized, as_is)
    return None


def _scale_for_dev(trials):
    """As `_scale`, where the training error is low: whether unseen examples gain."""
    tried = _normalized(trials)
    if tried is None:
        return None
    normalized, as_is = tried
    worse = min((as_is, trials.now), key=lambda trial: trial.dev.mean())
    return _not_normalized(trials, normalized, as_is) if _gains(normalized, worse) else None


def _gains(better, worse, sigmas=SIGMAS):
    """Whether the dev loss is lower by a tenth, and beyond chance."""
    enough = better.dev.mean() < LOWER * worse.dev.mean()
    return enough and is_lower(better.dev, worse.dev, sigmas)


def _normalized(trials):
    """New networks with and without normalization, where the columns are out of scale."""
    if trials.network.normalize or not scale_of(trials.train[0]).is_off():
        return None
    # Losses of columns that are out of scale go up and down: the best epochs are compared.
    longer = {"epochs": LONGER * trials.epochs}
    return trials.best_anew({"normalize": True}, **longer), trials.best_anew({}, **longer)


def _not_normalized(trials, normalized, as_is):
    return Cause(
        "the inputs are not normalized",
        f"the columns of X have {scale_of(trials.train[0]).words(trials.names)}; "
        f"{compared(normalized, as_is)}",
        "use new weights with normalize=True, which gives each column mean 0 and standard "
        "deviation 1",
        {"normalize": True},
    )


def _regularized(trials, same):
    network = trials.network
    limited = min(network.max_norm) < np.inf
    if not (max(network.l2) or max(network.l1) or min(network.keep_prob) < 1 or limited):
        return None
    free = trials.best_anew({"l2": 0.0, "l1": 0.0, "keep_prob": 1.0, "max_norm": None})
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    if not helps(free, as_is):
        return None
    return Cause(
        "the network is regularized too strongly",
        compared(free, as_is),
        "regularize less",
        {
            "l2": _of_layers([value / 10 for value in network.l2]),
            "l1": _of_layers([value / 10 for value in network.l1]),
            "keep_prob": _of_layers([(1 + kept) / 2 for kept in network.keep_prob], inputs=True),
            **({"max_norm": None} if limited else {}),
        },
    )


def _of_layers(values, *, inputs=False):
    """One number where all layers have it, else one each; of the `inputs`, 1 is none."""
    first, rest = (values[:1], values[1:]) if inputs else ([1.0], values)
    return rest[0] if first == [1.0] and rest and len(set(rest)) == 1 else values


def _too_small(trials, reference):
    network, now = trials.network, trials.now
    sizes = list(reference.network.layer_sizes)
    change = resized(network.spec, network.layer_sizes, sizes)
    bigger = trials.best_anew(change, epochs=LONGER * trials.epochs)
    if not (helps(bigger, now) and is_lower(bigger.dev, now.dev)):
        return None
    return Cause(
        "the network is too small",
        compared(bigger, now),
        f"bigger network: try {sizes} (now {list(network.layer_sizes)})",
        change,
    )
