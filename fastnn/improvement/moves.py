"""The moves of the basic recipe, for a network that has been diagnosed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fastnn.augment.images import Images
from fastnn.diagnosis.bias_variance.result import Diagnosis
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.improvement.setting import Setting
from fastnn.training.early_stopping import EarlyStopping
from fastnn.training.history import History

# No layer is made wider, and no fit longer, than this.
WIDEST, LONGEST = 2048, 5_000
# Settings that mostly do well on tables: hidden layers, and l2 for each training example. These and
# the constants below were chosen on half A of the tables of `bench/tables.py`.
USUAL = ((64, 64), 1e-3), ((64, 64), 1e-2), ((128,), 3e-3)
USUAL_EPOCHS, USUAL_PATIENCE, USUAL_BATCH, USUAL_RATE = 100, 10, 64, 2e-3


class Idea(NamedTuple):
    """A move to try: its reason, its name, and the change of the setting."""

    reason: str
    text: str
    change: dict[str, Any]


def ideas(
    diagnosis: Diagnosis,
    setting: Setting,
    m: int,
    history: History,
    images: Images | None = None,
) -> Iterator[Idea]:
    """The moves that the recipe names for a diagnosis, the first one to try in front.

    Parameters
    ----------
    diagnosis : Diagnosis
    setting : Setting
        Of the network that was diagnosed.
    m : int
        Training examples.
    history : History
        Of the network's fit.
    images : Images, optional
        Distortions to try against variance.
    """
    for cause in diagnosis.causes:
        if cause.change:
            yield Idea("cause", cause.name, cause.change)
    yield from _usual(setting, m)
    bias, variance = diagnosis.high_bias, diagnosis.high_variance
    # A high one of bias and variance comes first, then one that may be high.
    for high in (True, None, False):
        if bias is high:
            yield from _against_bias(setting, history)
        if variance is high:
            yield from _against_variance(setting, m, images)


def together(some: Sequence[Idea]) -> Idea:
    """Several moves as one; where two change the same option, the first one counts."""
    change: dict[str, Any] = {}
    for idea in some:
        change = {**idea.change, **change}
    return Idea("together", " and ".join(idea.text for idea in some), change)


def _usual(setting: Setting, m: int) -> Iterator[Idea]:
    """Settings that a practitioner begins with: they mostly do well."""
    first, *_, last = setting.layer_sizes
    common = {
        "activation": "relu",
        "init": "auto",
        "optimizer": "adam",
        "learning_rate": USUAL_RATE,
        "schedule": None,
        "epochs": USUAL_EPOCHS,
        "batch_size": USUAL_BATCH,
        "l1": 0.0,
        "keep_prob": 1.0,
        "early_stopping": EarlyStopping(patience=USUAL_PATIENCE, monitor="dev_cost"),
    }
    if setting.get("normalizer") is None:
        common["normalize"] = True
    for hidden, factor in USUAL:
        l2 = float(f"{factor * m:.1g}")
        yield Idea(
            "usual",
            f"the usual: hidden layers {list(hidden)}, normalized inputs, adam, l2 {l2:g}",
            {**common, "layer_sizes": (first, *hidden, last), "l2": l2},
        )


def _against_bias(setting: Setting, history: History) -> Iterator[Idea]:
    first, *hidden, last = setting.layer_sizes
    wider = [min(2 * n, WIDEST) for n in hidden] or [max(8, round((first * last) ** 0.5))]
    yield _sizes("bias", "wider", [first, *wider, last])
    if not setting.get("normalize") and setting.get("normalizer") is None:
        yield Idea("bias", "normalize the inputs", {"normalize": True})
    epochs = setting.get("epochs")
    if epochs < LONGEST and history.stopped != "early stopping":
        longer = min(3 * epochs, LONGEST)
        yield Idea("bias", f"{longer} epochs (now {epochs})", {"epochs": longer})
    yield from _rates(setting)
    if setting.is_regularized:
        change = {"l2": 0.0, "l1": 0.0, "keep_prob": 1.0, "augment": None}
        yield Idea("bias", "no regularization", change)
    yield _sizes("bias", "deeper", [first, *(hidden or wider), (hidden or wider)[-1], last])
    activation = setting.get("activation")
    other = "gelu" if activation == "relu" or "relu" in activation else "relu"
    if hidden:
        yield Idea("bias", f"activation {other}", {"activation": other, "init": "auto"})


def _rates(setting: Setting) -> Iterator[Idea]:
    rate = setting.get("learning_rate")
    if setting.get("optimizer") == "lbfgs":
        return
    for factor in (3.0, 1 / 3):
        other = float(f"{rate * factor:.2g}")
        yield Idea("bias", f"learning_rate {other:g} (now {rate:g})", {"learning_rate": other})
    if setting.get("schedule") is None:
        yield Idea("bias", "schedule cosine", {"schedule": "cosine"})


def _against_variance(setting: Setting, m: int, images: Images | None) -> Iterator[Idea]:
    if images is not None and setting.get("augment") != images:
        yield Idea("variance", "distorted images", {"augment": images})
    now = setting.largest("l2")
    for factor in (1e-3, 1e-2):
        l2 = float(f"{max(factor * m, 3 * now):.1g}")
        yield Idea("variance", f"l2 {l2:g} (now {now:g})", {"l2": l2})
    kept = setting.least("keep_prob")
    if len(setting.layer_sizes) > 2:
        for keep_prob in (0.8, 0.6):
            if keep_prob < kept:
                yield Idea(
                    "variance", f"keep_prob {keep_prob:g} (now {kept:g})", {"keep_prob": keep_prob}
                )
    if setting.get("early_stopping") in (None, False) and setting.get("optimizer") != "lbfgs":
        patience = patience_for(setting.get("epochs"))
        rule = EarlyStopping(patience, monitor="dev_cost")
        yield Idea("variance", "early stopping", {"early_stopping": rule})
    first, *hidden, last = setting.layer_sizes
    if hidden and max(hidden) > 8:
        yield _sizes("variance", "narrower", [first, *(max(4, n // 2) for n in hidden), last])
    if hidden:
        yield _sizes("variance", "no hidden layer", [first, last])


def _sizes(reason: str, text: str, sizes: list[int]) -> Idea:
    return Idea(reason, f"{text}: {sizes}", {"layer_sizes": tuple(sizes)})
