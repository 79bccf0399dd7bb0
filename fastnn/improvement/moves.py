"""The moves of the basic recipe: what to try for a network that has been diagnosed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastnn.diagnosis.bias_variance.result import Diagnosis
from fastnn.improvement.setting import Setting
from fastnn.training.early_stopping import EarlyStopping

# No layer is made wider, and no fit longer, than this.
WIDEST, LONGEST = 2048, 5_000


class Idea(NamedTuple):
    """A move to try: what it is for, in words, and as a change of the setting."""

    reason: str
    text: str
    change: dict[str, Any]


def ideas(diagnosis: Diagnosis, setting: Setting, m: int) -> Iterator[Idea]:
    """The moves that the recipe names for a diagnosis, the first one to try in front.

    Parameters
    ----------
    diagnosis : Diagnosis
    setting : Setting
        Of the network that was diagnosed.
    m : int
        Training examples.
    """
    for cause in diagnosis.causes:
        if cause.change:
            yield Idea("cause", cause.name, cause.change)
    bias, variance = diagnosis.high_bias, diagnosis.high_variance
    # Of bias and variance the high one comes first, then one that may be high.
    for high in (True, None):
        if bias is high:
            yield from _against_bias(setting)
        if variance is high:
            yield from _against_variance(setting, m)
    if bias is False:
        yield from _rates(setting)


def _against_bias(setting: Setting) -> Iterator[Idea]:
    first, *hidden, last = setting.layer_sizes
    wider = [min(2 * n, WIDEST) for n in hidden] or [max(8, round((first * last) ** 0.5))]
    yield _sizes("bias", "wider", [first, *wider, last])
    if not setting.get("normalize") and setting.get("normalizer") is None:
        yield Idea("bias", "normalize the inputs", {"normalize": True})
    epochs = setting.get("epochs")
    if epochs < LONGEST:
        longer = min(3 * epochs, LONGEST)
        yield Idea("bias", f"{longer} epochs (now {epochs})", {"epochs": longer})
    yield from _rates(setting)
    if setting.largest("l2") or setting.largest("l1") or setting.least("keep_prob") < 1:
        yield Idea("bias", "no regularization", {"l2": 0.0, "l1": 0.0, "keep_prob": 1.0})
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


def _against_variance(setting: Setting, m: int) -> Iterator[Idea]:
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
        yield Idea("variance", "early stopping", {"early_stopping": _patience(setting)})
    first, *hidden, last = setting.layer_sizes
    if hidden and max(hidden) > 8:
        yield _sizes("variance", "narrower", [first, *(max(4, n // 2) for n in hidden), last])


def _patience(setting: Setting) -> Any:
    return EarlyStopping(patience=max(10, setting.get("epochs") // 10), monitor="dev_cost")


def _sizes(reason: str, text: str, sizes: list[int]) -> Idea:
    return Idea(reason, f"{text}: {sizes}", {"layer_sizes": tuple(sizes)})
