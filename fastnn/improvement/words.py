"""The last words of an improvement: the next step, and how far the dev set is used up."""

from __future__ import annotations

import math

import numpy as np

from fastnn.diagnosis.causes.losses import baseline, is_lower

# If no move was kept, the gain to tell from chance is this share of the dev loss.
SHARE = 0.05
# The note on weighted dev rows.
WEIGHTED = (
    "Dev losses and dev errors of the moves count each dev row by its weight, as training does: "
    "with balanced classes the error is the mean of those of the classes."
)
# More moves than this are called "thousands".
MANY = 10_000


def next_step(diagnosis, stopped, knows_no_X=False):
    """One sentence: the next step, which only a person can take.

    Parameters
    ----------
    diagnosis : Diagnosis or None
        Of the best network, or of an earlier one; None where there was no time for one.
    stopped : str
    knows_no_X : bool
        Whether the best network is no better than one answer to every example.
    """
    if diagnosis is None:
        return "call improve again: it was interrupted before the first diagnosis"
    by_hand = [cause.advice for cause in diagnosis.causes if not cause.change]
    if by_hand:
        return by_hand[0]
    if stopped == "optimal error reached":
        return "measure the network on a test set: the optimal error is reached"
    if knows_no_X:
        step = (
            "look for inputs that say something of y, and whether each label belongs to its row: "
            "nothing that was tried is better, beyond chance, than one answer to every example"
        )
    elif diagnosis.high_bias:
        step = "better features, or better labels: no size or training that was tried fits them"
    elif diagnosis.high_variance:
        step = "more training examples, or fewer and better features: variance is high"
    elif diagnosis.high_bias is None:
        step = (
            "look at the examples that are still wrong: better labels and features are what can "
            "lower an error that may be noise"
        )
    elif diagnosis.high_variance is None:
        step = diagnosis.gaps["variance"].why or (
            "more dev examples, which tell whether variance is high and more training examples "
            "would help; and measure the network on a test set"
        )
    else:
        step = "measure the network on a test set: neither bias nor variance is high"
    if stopped == "backend failed":
        step += ". Not all moves were tried: call improve again once the workers run"
    elif stopped in ("time", "trials", "interrupted"):
        step += ". Not all moves were tried: with more seconds or trials, improve goes on"
    return step


def knows_no_X(output, losses, y, y_dev, weight=None, dev_weight=None):
    """Whether dev losses are no better, beyond chance, than with one answer to all examples.

    Losses are multiplied by a `dev_weight` of mean 1; `weight` are the weights of training rows.
    """
    others = baseline(output, y, y_dev, weight)
    return not is_lower(losses, others if dev_weight is None else others * dev_weight)


def used_up(best, moves):
    """A note on how far the dev set has been used up.

    Of k moves that are no better, the best seems better by up to sqrt(2 ln k) standard errors: the
    expected maximum of k normal numbers is not larger.

    Parameters
    ----------
    best : Tried
    moves : list of Move
    """
    note = (
        f"The dev set has {best.losses.shape[1]:,} examples, and {len(moves)} moves were compared "
        "on it"
    )
    errors = [abs(move.gain / move.sure) for move in moves if move.sure]
    errors = [error for error in errors if math.isfinite(error)]
    if errors:
        error = float(np.median(errors))
        gain = min(
            (move.gain for move in moves if move.kept), default=SHARE * float(best.losses.mean())
        )
        most = math.exp(min((gain / error) ** 2 / 2, 50.0))
        left = int(max(0.0, most - len(moves)))
        note += f"; a gain has a standard error of some {error:.2g} in loss. " + (
            f"It can tell a gain of {gain:.2g} from chance for "
            f"{'thousands of' if left > MANY else f'about {left:,}'} more moves"
            if left
            else f"It is used up for gains of {gain:.2g}: only new dev examples can tell them "
            "from chance"
        )
    return (
        f"{note}. The best was chosen on it, so its dev error flatters: measure the network on a "
        "test set."
    )
