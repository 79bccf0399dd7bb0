"""`improve` of an estimator: it begins with the parameters, and its best network is the fit."""

from __future__ import annotations

from typing import Any

from fastnn.data.parts import as_pair
from fastnn.improvement.setting import DEFAULTS, Setting
from fastnn.training.optimizers import make_optimizer

# Options without a parameter of an estimator, and their names in a note.
_WITHOUT = {
    "normalize": "normalized inputs (put a StandardScaler before it)",
    "schedule": "the schedule",
    "augment": "distorted images",
    "init": "the initialization",
}


class Begun:
    """An estimator at the beginning of a fit, with the options and sets of its networks.

    Attributes
    ----------
    layer_sizes : list of int
    options : dict
        Of `Network` and of `fit`.
    train : (X, y)
        As networks take them: classes as numbers.
    dev : (X, y, weight)
    """

    def __init__(self, estimator, train, dev):
        from sklearn.base import clone

        from fastnn.estimators import MLPClassifier, MLPRegressor
        from fastnn.estimators.preparation import for_network

        if not isinstance(estimator, MLPClassifier | MLPRegressor):
            raise TypeError(
                "expected a Network, layer sizes, a fastnn.MLPClassifier or a fastnn.MLPRegressor, "
                f"got {type(estimator).__module__.partition('.')[0]}'s "
                f"{type(estimator).__name__}: give the estimator of fastnn itself; a "
                "TableClassifier or TableRegressor has an `improve` of its own"
            )
        self._estimator, self._copy = estimator, clone(estimator)
        self.layer_sizes, self.options, self.train, self.dev = for_network(
            self._copy, *as_pair(train, "train"), *as_pair(dev, "dev")
        )

    def finish(self, network, setting, kept):
        """Fit the estimator with the network, unless it is fitted and no move was kept; a note."""
        from fastnn.estimators.preparation import take_over

        if not kept and hasattr(self._estimator, "network_"):
            return "No move was kept: the estimator has its own fit, as before."
        parameters, lost = _parameters(setting)
        take_over(self._copy, network, len(self.train[1]), **parameters)
        vars(self._estimator).update(vars(self._copy))
        return (
            f"The estimator is fitted with the best network. It has no parameter for "
            f"{' and '.join(lost)}: another `fit` would train without."
            if lost
            else "The estimator is fitted with the best network, and has its parameters."
        )


def is_estimator(net: Any) -> bool:
    """Whether `net` is an estimator of scikit-learn's kind."""
    return hasattr(net, "get_params") and hasattr(net, "fit")


def _parameters(setting: Setting):
    """Parameters of an estimator for a setting, and the parts that have none, in words."""
    get = setting.get
    parameters = {
        "hidden_layer_sizes": tuple(setting.layer_sizes[1:-1]),
        "activation": get("activation") or "relu",
        "keep_prob": get("keep_prob"),
        "max_norm": get("max_norm"),
        "learning_rate_init": get("learning_rate"),
        "learning_rate": "constant",
        "max_iter": get("epochs"),
    }
    name = type(make_optimizer(get("optimizer"))).__name__
    solvers = {"Adam": "adam", "LBFGS": "lbfgs"} | dict.fromkeys(
        ("GradientDescent", "Momentum", "Nesterov"), "sgd"
    )
    lost = [
        text for option, text in _WITHOUT.items() if get(option) not in (DEFAULTS[option], "auto")
    ]
    if name in solvers:
        parameters["solver"] = solvers[name]
    else:
        lost.append(f"the optimizer {name}")
    if get("batch_size") is not None:
        parameters["batch_size"] = get("batch_size")
    stops = get("early_stopping")
    if stops:
        parameters |= {"early_stopping": True, "n_iter_no_change": stops.patience}
        if stops.monitor == "dev_cost":
            parameters["scoring"] = "loss"
    return parameters, lost
