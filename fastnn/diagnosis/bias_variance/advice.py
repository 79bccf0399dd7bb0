"""Advice against bias and variance: the basic recipe, with the figures of the network in it."""

from typing import NamedTuple

from fastnn.diagnosis.evidence.descent import evaluated, falling_rate, rises
from fastnn.diagnosis.evidence.regularization import is_strong
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.text.words import percent, told_apart

# Twice the epochs are worth it if, at the pace of the last ones, they lower J by this share.
WORTH_TRAINING_ON = 0.1
# The advice that can be given as arguments begins so.
BIGGER, REGULARIZE = "bias: bigger network", "variance: regularize"


class Instead(NamedTuple):
    """Advice in the place of all on settings, where a recipe has chosen these."""

    bias: str
    variance: str


class Words(NamedTuple):
    """Names of settings and functions in the advice: those of the API that the user calls."""

    l2: str = "l2"
    per_l2: float = 1.0  # the value of that setting over the network's l2; the same for l1
    sizes: str = ""  # the setting of the hidden layers' sizes, where there is one for them alone
    learning_curve: str = "fastnn.learning_curve"
    search: str = "fastnn.penalty_path"
    patience: str = "early_stopping={}"  # how to ask for it, with a patience; "" where one cannot
    instead: Instead | None = None
    # What tells variance from a difference between training and dev examples.
    alike: str = "train_dev, unseen examples of the training distribution, would tell"


class Known(NamedTuple):
    """The facts that make advice concrete; None for an unknown one."""

    network: object = None
    history: object = None
    n_train: int | None = None
    groups: str = ""  # of the training examples, in words
    trained: bool = True
    words: Words = Words()
    causes: tuple = ()  # of Cause, found before bias and variance
    unrelated: str = ""  # a sentence, where dev predictions are not related to the target


def bigger(layer_sizes):
    """Layer sizes with twice the hidden units, or with a first hidden layer where there is none.

    >>> bigger([64, 32, 10]), bigger([64, 10])
    ([64, 64, 10], [64, 50, 10])
    """
    first, *hidden, last = layer_sizes
    if not hidden:  # the first one: a size between features and outputs
        hidden = [max(8, round((first * last) ** 0.5))]
    return [first, *(2 * n for n in hidden), last]


def against_bias(train_error, optimal_error, known):
    """Advice against high bias: bigger network, longer or better training, new architecture."""
    figures = f"training error {percent(train_error)} against {percent(optimal_error)} optimal"
    net = known.network
    size = ""
    if net is not None:
        sizes, now = bigger(net.layer_sizes), list(net.layer_sizes)
        if known.words.sizes:
            sizes, now = f"{known.words.sizes} {sizes[1:-1]}", now[1:-1]
        size = f", try {sizes} (now {now})"
    if train_error > 1:  # a regression: the error is a share of the variance
        yield (
            "bias: the outputs are not at the scale of the targets: the error is larger than "
            "that of predicting their mean; standardize y, or train longer or with a larger "
            f"learning rate: {figures}"
        )
    better = "better features; more data does not help against bias"
    if known.words.instead is not None:
        yield f"bias: {known.words.instead.bias}: {figures}"
        yield f"bias: {better}"
        return
    strong = net is not None and is_strong(net, known.n_train)
    if strong:  # it can explain a high training error alone
        yield f"bias: regularize less: now {_regularization(net, known.words)}: {figures}"
    yield f"{BIGGER}: {figures}{size}"
    yield f"bias: {_training(known.history)}"
    if net is not None and not strong and (max(net.l2) or max(net.l1) or min(net.keep_prob) < 1):
        yield f"bias: regularize less: now {_regularization(net, known.words)}"
    yield f"bias: another architecture or {better}"


def _training(history):
    better = "a better optimizer (adam), another learning rate or schedule"
    if history is None:
        return f"train longer, or with {better}"
    epochs, rate = len(history), falling_rate(history)
    if history.stopped == "early stopping":
        return (
            f"train on: early stopping went back to epoch {history.best_epoch + 1}, and so stopped "
            "the cost from falling too; regularize by l2 instead, which keeps the two apart"
        )
    if rate is None:
        return f"train longer than {_epochs(epochs)}, or with {better}"
    if 1 - (1 - rate) ** epochs >= WORTH_TRAINING_ON and rate > 0:
        return (
            f"train longer: try twice the epochs ({2 * epochs}), the cost was still falling "
            f"{percent(rate)} an epoch"
        )
    went = f"rising {percent(-rate)}" if rate < 0 else f"falling by only {percent(rate)}"
    return (
        f"train with {better}: after {_epochs(epochs)} the cost was {went} an epoch, "
        "so more of the same would not help"
    )


def _epochs(count):
    return f"{count} epoch" + ("s" if count != 1 else "")


def against_variance(variance, known):
    """Advice against high variance: more data, regularization, another architecture."""
    net, n, words = known.network, known.n_train, known.words
    data = "" if n is None else f" (now {n:,} training examples)"
    if known.groups:
        data = f" of other groups (now {n:,} training examples in {known.groups})"
    above = f"{100 * variance:.3g} points above the training error"
    if known.unrelated:
        yield f"variance: more data helps only if the inputs tell of the target; {known.unrelated}"
    if words.instead is not None:
        yield f"variance: more data{data}: {above}"
        yield f"variance: {words.instead.variance}"
        yield "variance: fewer features"
        return
    yield (
        f"variance: more data{data}: {words.learning_curve} tells what it would bring; "
        "augmentation makes some"
    )
    l2, drop = words.l2, "dropout (keep_prob 0.8)"
    patience = _patience(known.history)
    stop = f" with {words.patience.format(patience)}" if patience and words.patience else ""
    if net is not None:
        value = max(net.l2) * words.per_l2
        other = stronger_l2(net, n) * words.per_l2
        l2 = f"{words.l2}={other:g} (now {value:g})"
        kept = min(net.keep_prob)
        drop = f"keep_prob {0.8 if kept == 1 else max(0.3, kept - 0.2):.2g} (now {kept:g})"
        if len(net.layer_sizes) == 2:
            drop = "fewer features"
    yield (
        f"{REGULARIZE}: {above}, try {l2}"
        f"{stop}, or {drop}; {words.search} searches {words.l2} and keep_prob"
    )
    yield "variance: another architecture, or fewer features"


def stronger_l2(net, n):
    """The l2 to try against variance, with n training examples.

    By 5e-3 m weights shrink by half a percent in each full-batch step at learning rate 1. With
    early stopping it raised the test error of no overfitted table in `bench`; 1e-3 m alone raised
    it in a fifth, where classes are uneven.
    """
    return 3 * max(net.l2) or float(f"{5e-3 * (n or 1000):.1g}")


def against_variance_change(net, n):
    """The first advice against variance as arguments."""
    patience = _patience(net.history)
    return {"l2": stronger_l2(net, n)} | ({"early_stopping": patience} if patience else {})


def _patience(history):
    """Of the early stopping to advise; None where it is on."""
    if history is not None and history.best_epoch is not None:
        return None
    return patience_for(0 if history is None else history.settings.get("epochs", 0))


def against_mismatch(mismatch):
    """Advice where training and dev data are of different distributions."""
    yield (
        f"data mismatch: dev is {100 * mismatch:.3g} points worse than unseen examples of "
        "the training distribution: look at what differs, and get or make training data that is "
        "more like dev's"
    )


def against_overfitting_to_dev(gap, dev):
    """Advice where so many choices were made on the dev set that its error is too low."""
    now = "" if dev.n is None else f" (now {dev.n:,} examples)"
    if dev.groups:
        now = f" of more groups (now {dev.n:,} examples in {dev.of_groups()})"
    yield (
        f"overfitting to dev: test is {100 * gap:.3g} points worse than dev: a larger dev set"
        f"{now}, and choose anew on it"
    )


def against_no_training():
    """Advice for a network that still has its initial parameters."""
    yield (
        "first of all: the network is not trained, it has its initial weights: call fit; its "
        "errors say nothing of bias and variance yet"
    )


def against_rises(history):
    """Advice where J rose although it must fall: it comes before all other advice."""
    found = rises(history) if history is not None else []
    if found:
        worst = max(found, key=lambda rise: rise.after - rise.before)
        before, after = told_apart(worst.before, worst.after)
        most = "most " if len(found) > 1 else ""
        count = len(evaluated(history)[0])
        of = f"{count} epochs" if count == len(history) else f"{count} evaluated epochs"
        yield (
            f"first of all: the cost rose at {len(found)} of {of} ({most}at epoch {worst.epoch}, "
            f"from {before} to {after}), although full-batch descent without dropout must lower "
            "it every time: use a smaller learning rate; if it still rises, a gradient is wrong: "
            "check it against numerical ones"
        )


def _regularization(net, words):
    shown = [
        f"{called}={max(values) * words.per_l2:g}"
        for called, values in ((words.l2, net.l2), ("l1", net.l1))
        if max(values)
    ]
    if min(net.keep_prob) < 1:
        shown.append(f"keep_prob={min(net.keep_prob):g}")
    return ", ".join(shown)
