"""`fastnn.report`: a page about a trained network, assembled from its sections."""

import html
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from numpy.typing import ArrayLike

from fastnn.arguments import boolean, integer
from fastnn.data.parts import Examples, as_pair
from fastnn.diagnosis import Diagnosis
from fastnn.engine.examples import current_normalizer
from fastnn.engine.sets import check_network, check_set
from fastnn.files.atomic import write_atomically
from fastnn.network import Network
from fastnn.reporting import sections
from fastnn.reporting.examples import judge, some_rows
from fastnn.reporting.mistakes import mistakes
from fastnn.reporting.page import page
from fastnn.reporting.pictures import shape_of_images
from fastnn.reporting.worst import worst_examples
from fastnn.text.markup import paragraphs
from fastnn.training.history import History
from fastnn.version import __version__


@dataclass(frozen=True)
class Report:
    """A page; a notebook shows it.

    Attributes
    ----------
    html : str
        The whole document.
    path : str or None
        Where it was written.
    """

    html: str = field(repr=False)
    path: str | None = None

    def save(self, path: str | os.PathLike[str]) -> "Report":
        """Write the page, entirely or not at all; returns a `Report` with that path."""
        write_atomically(path, self.html.encode())
        return Report(self.html, os.fsdecode(path))

    def _repr_html_(self) -> str:
        # The frame keeps the styles of the page and of the notebook apart.
        return (
            f'<iframe title="fastnn report" srcdoc="{html.escape(self.html)}" '
            'style="width: 100%; height: 640px; border: 1px solid #888"></iframe>'
        )


def report(
    network: Network,
    history: History | None,
    train: Examples,
    dev: Examples,
    test: Examples | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    optimal_error: float | None = None,
    diagnosis: Diagnosis | None = None,
    target_names: Sequence[Any] | None = None,
    feature_names: Sequence[Any] | None = None,
    image_shape: tuple[int, ...] | Literal[False] | None = None,
    examples: int = 12,
    gradcheck: bool = True,
    settings: Mapping[str, Any] | None = None,
    title: str | None = None,
    first_row: int = 0,
    target_units: tuple[float, float] | tuple[float, float, float] = (0.0, 1.0),
    feature_units: tuple[ArrayLike, ArrayLike] = (0.0, 1.0),
) -> Report:
    """A self-contained HTML page about a trained network: what it does, and what to do next.

    The page has the verdict and the advice of `Network.diagnose`; cost and errors by epoch; signals
    and gradients by layer; the confusions, errors by class, AUC and calibration, and the examples
    of highest loss on the dev set; a gradient check; layers, settings, times and versions. It shows
    no mistakes on the test set: to look at them makes it a dev set. The page loads nothing and runs
    no script, and follows the reader's choice of a light or dark ground.

    Parameters
    ----------
    network : Network
    history : History or None
        The result of the network's fit; None leaves out the sections that need it.
    train, dev : (X, y), or an object with `.X` and `.y`
        For example the parts that `fastnn.split` gives. Where y holds probabilities, mistakes are
        about its most probable classes.
    test : the same, optional
    path : str or path-like, optional
        Written entirely or not at all; an existing file is replaced.
    optimal_error : float, optional
        As for `Network.diagnose`.
    diagnosis : Diagnosis, optional
        Of the same network and parts; None: the report makes one.
    target_names : sequence, optional
        Names of the classes, or of the outputs where there are several labels or values.
    feature_names : sequence, optional
        None: the columns of a data frame, or X[0], X[1], ...
    image_shape : tuple of int or False, optional
        (height, width) or (height, width, channels), where rows of X are images: the worst are
        drawn. None: square images are recognized. False: no pictures.
    examples : int, default 12
        How many examples of highest loss are shown.
    gradcheck : bool, default True
        Check the gradient of a sample of theta where the history has no check. The first one on a
        machine compiles for some seconds (``fastnn warmup`` does it ahead).
    settings : dict, optional
        More settings to show, such as {"optimizer": "adam"}.
    title : str, optional
    first_row : int, default 0
        The page counts rows from this number: 2 is right for a file that is read in a spreadsheet,
        where row 1 has the names of the columns.
    target_units, feature_units : (mean, scale), default (0, 1)
        If y or X were standardized: values of a regression and features are shown times the scale,
        plus the mean. Mean and scale of features may be arrays, (n[0],). A third number in
        target_units is the least value: lower predictions are raised to it.

    Returns
    -------
    Report
        With `html` and `path`.

    Raises
    ------
    ValueError, TypeError
        The data does not fit the network, or the cost on it is not finite; or there are more or
        fewer names than classes or features.
    OSError
        The file cannot be written; an old one is unchanged.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 4))
    >>> train, dev, test = fastnn.split(X, (X[:, 0] > X[:, 1]).astype(int))
    >>> net = fastnn.Network([4, 8, 2], rng=0)
    >>> history = net.fit(train.X, train.y, dev=dev, epochs=20)
    >>> page = fastnn.report(net, history, train, dev, test, gradcheck=False)
    >>> page.html[:15], "Confusion matrix" in page.html
    ('<!DOCTYPE html>', True)
    """
    check_network(network, "network")
    if history is not None and not isinstance(history, History):
        raise TypeError(
            f"expected history to be the result of a fit, or None, got {history!r} of type "
            f"{type(history).__name__}"
        )
    if not (diagnosis is None or isinstance(diagnosis, Diagnosis)):
        raise TypeError(
            f"expected diagnosis to be the result of diagnose, or None, got {diagnosis!r:.80} of "
            f"type {type(diagnosis).__name__}"
        )
    examples = integer(examples, "examples", 0)
    gradcheck = boolean(gradcheck, "gradcheck")
    settings = _check_settings(settings)
    current_normalizer(network)  # an error if it waits for a fit
    parts = {"train": train, "dev": dev} | ({} if test is None else {"test": test})
    counts = {
        name: check_set(network, part, name, plain=True, shares=True)[2]
        for name, part in parts.items()
    }
    _check_costs(network, parts)
    names = _target_names(network, target_names)
    training_X = as_pair(train, "train")[0]
    features = _feature_names(network, feature_names, training_X)
    if image_shape not in (None, False):
        shape_of_images(image_shape, some_rows(training_X))  # refuse a wrong shape now
    judged = judge(
        network,
        dev,
        first_row=integer(first_row, "first_row", 0),
        target_units=target_units,
        feature_units=feature_units,
    )

    shown = [
        (
            "verdict",
            "Verdict",
            sections.verdict_section(
                network.diagnose(train, dev, test=test, optimal_error=optimal_error)
                if diagnosis is None
                else diagnosis
            ),
        ),
        (
            "curves",
            "Cost and errors",
            paragraphs(
                "Left out: no history was given. A saved model has none; a report right after the "
                "fit shows these curves (fastnn train --report)."
            )
            if history is None
            else sections.curves_section(history, network.output),
        ),
        (
            "signals",
            "Signals and gradients",
            sections.signal_section(network.signal_flow(*as_pair(train, "train"))),
        ),
        ("mistakes", "Mistakes on the dev set", mistakes(judged, names)),
        (
            "worst",
            "Worst examples",
            worst_examples(judged, training_X, names, features, image_shape, examples)
            if examples
            else paragraphs("Left out: examples=0."),
        ),
        (
            "gradients",
            "Gradient check",
            sections.gradient_section(network, history, train, gradcheck),
        ),
        ("layers", "Layers", sections.layers_section(network)),
        ("settings", "Settings", sections.settings_section(network, history, counts, settings)),
        ("times", "Times and versions", sections.times_section(history)),
    ]
    if title is None:
        title = "fastnn report: " + "-".join(map(str, network.layer_sizes))
    sets = ", ".join(f"{n:,} {name}" for name, n in counts.items())
    missing = "" if test is not None else "; no test set was given"
    now = datetime.now().astimezone()
    text = page(
        title,
        f"{repr(network)[1:-1]}; {sets} examples{missing}.",
        shown,
        f"fastnn {__version__}, {now:%Y-%m-%d %H:%M %Z}",
    )
    made = Report(text)
    return made if path is None else made.save(path)


def _check_costs(network, parts):
    """Refuse a network that has diverged: it has no errors to diagnose."""
    for name, part in parts.items():
        cost = network.cost(*as_pair(part, name))
        if not math.isfinite(cost):
            raise ValueError(
                f"expected a network with a finite cost, got {cost} on {name}: its training "
                "diverged; train anew, with a smaller learning_rate or normalize=True"
            )


def _target_names(network, names):
    """A name for each class, label or output value."""
    units = network.layer_sizes[-1]
    count = 2 if network.output == "sigmoid" and units == 1 else units
    if names is None:
        if network.regression:
            return ["y"] if count == 1 else [f"y[{k}]" for k in range(count)]
        return [str(k) for k in range(count)]
    return _check_names(names, "target_names", count, "of the classes or outputs")


def _feature_names(network, names, X):
    count = network.layer_sizes[0]
    if names is None:
        names = getattr(X, "columns", None)
    if names is None:
        return [f"X[{k}]" for k in range(count)]
    return _check_names(names, "feature_names", count, "of the features")


def _check_names(names, what, count, whose):
    if isinstance(names, str | bytes) or not hasattr(names, "__iter__"):
        raise TypeError(f"expected {what} to be a sequence of names, got {names!r}")
    names = [str(name) for name in names]
    if len(names) != count:
        raise ValueError(f"expected {what} to be {count}, one for each {whose}; got {len(names)}")
    return names


def _check_settings(settings):
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise TypeError(
            f"expected settings to be a dict such as {{'optimizer': 'adam'}}, got {settings!r}"
        )
    return {str(name): str(value) for name, value in settings.items()}
