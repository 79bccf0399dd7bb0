"""Weights that hold training up: saturated and dead units, and unusual initial weights."""

from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.trials import compared, helps
from fastnn.diagnosis.causes.units import dead_layers, layers_in_words, saturated_layers


def saturated(trials):
    """A Cause of hidden units at an end of their range, where the gradient is nearly 0."""
    network = trials.network
    found = saturated_layers(network, trials.train[0])
    if not found:
        return None
    fresh, same = trials.best_anew({"init": "auto", "init_gain": 1.0}), trials.best_on()
    if not helps(fresh, min((same, trials.now), key=lambda trial: trial.train)):
        return None
    return Cause(
        "hidden units are saturated",
        f"{layers_in_words(found)} at an end of the range of {network.activation[found[0] - 1]} "
        f"for nearly every example, where gradients are nearly 0; {compared(fresh, same)}",
        f"use new weights{_now(network)}",
        {"init": "auto", "init_gain": 1.0},
    )


def stuck(trials, same):
    """A Cause if new weights of the usual size do better."""
    network = trials.network
    fresh = trials.best_anew({"init": "auto", "init_gain": 1.0})
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    if not helps(fresh, as_is):
        return None
    dead = dead_layers(network, trials.train[0])
    said = f"{layers_in_words(dead)} dead: they give 0 for every example; " if dead else ""
    return Cause(
        "training is stuck at these weights",
        said + compared(fresh, as_is),
        f"use new weights{_now(network)}",
        {"init": "auto", "init_gain": 1.0},
    )


def _now(network):
    """The initial weights to take, and the present ones, where these are unusual."""
    init, gain = network.spec["init"], network.spec["init_gain"]
    now = [f"init={init!r}"] if init != "auto" else []
    now += [f"init_gain={gain:g}"] if gain != 1 else []
    return f" with init='auto' (now {', '.join(now)})" if now else ""
