"""Options of `fit` for the networks of a curve, which uses their final errors only."""

from numbers import Integral

from fastnn.diagnosis.evidence.descent import EVALUATIONS


def check_fit_options(options, dev):
    """The options, checked; without evaluations, unless early stopping needs them."""
    taken = {"dev", "X", "y"} & {*options}
    if taken:
        raise TypeError(
            f"expected no {sorted(taken)[0]!r} among the options of fit: it is given "
            "by train and dev already"
        )
    if options.get("early_stopping"):
        return {**options, "dev": dev}
    return {"evaluate_every": 0, **options}


def watched(options):
    """The options, with some evaluations of J if they ask for none."""
    epochs = options.get("epochs", 100)
    if options.get("evaluate_every") != 0 or not isinstance(epochs, Integral):
        return options
    return {**options, "evaluate_every": max(1, int(epochs) // EVALUATIONS)}
