"""`Ensemble`: the mean of several networks' outputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.arguments import integer
from fastnn.data.inputs import Features, as_numbers, is_sparse
from fastnn.data.parts import Examples, HasXy, as_examples, as_pair
from fastnn.engine.results import predict_proba
from fastnn.layers.outputs import OUTPUTS, OutputName
from fastnn.many.head import Head
from fastnn.many.members import as_networks, check_weights, in_words, kept_by, kind_of
from fastnn.many.rendering import as_html
from fastnn.many.results import diagnose, score
from fastnn.many.selection import select
from fastnn.many.together import mean_outputs
from fastnn.network import Network

Array = NDArray[np.floating[Any]]


class Ensemble:
    """Several networks that predict together: the mean of their outputs.

    The error of a mean is lower than the mean of the errors where the networks err on different
    examples: they differ in seeds, settings or data.

    Parameters
    ----------
    networks : sequence of Network
        With the same features, outputs, loss and dtype; hidden layers may differ. They are not
        copied.
    weights : sequence of float, optional
        Of the mean; divided by their sum. None: all alike.

    Attributes
    ----------
    networks : tuple of Network
    weights : (K,) array
        They add up to 1; read-only.
    output : str
        Name of the output that all networks have.
    regression : bool
        Whether the outputs are real values rather than classes.

    Raises
    ------
    ValueError, TypeError
        The networks do not go together, or a weight is negative.

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.datasets import load_digits
    >>> train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
    >>> networks = [fastnn.Network([64, 16, 10], normalize=True, rng=k) for k in range(5)]
    >>> histories = fastnn.fit_many(networks, train, epochs=10)
    >>> ensemble = fastnn.Ensemble(networks)
    >>> bool(ensemble.error(test) < max(net.error(test) for net in networks))
    True
    """

    __slots__ = ("networks", "weights")
    networks: tuple[Network, ...]
    weights: NDArray[np.float64]

    def __init__(self, networks: Sequence[Network], weights: ArrayLike | None = None) -> None:
        self.networks = tuple(as_networks(networks))
        for k, network in enumerate(self.networks):
            if kind_of(network) != kind_of(self.networks[0]):
                raise ValueError(
                    "expected networks of the same features, outputs, loss and dtype; networks[0] "
                    f"has {in_words(self.networks[0])}, and networks[{k}] {in_words(network)}"
                )
        self.weights = check_weights(weights, len(self.networks))
        self.weights.flags.writeable = False

    @classmethod
    def of(cls, result: Any, n: int, dev: Examples | None = None) -> Self:
        """The ensemble of n networks, chosen one after the other by the dev error of their mean.

        Each step adds the network that gives the mean of the chosen ones the lowest dev error; the
        dev loss decides between equal ones. A network may be chosen several times, for more weight
        (Caruana et al., 2004). The error on the dev set is then optimistic: measure it on a test
        set.

        Parameters
        ----------
        result : Sweep of ``fastnn.sweep(..., keep=True)``, or a sequence of Network
        n : int
            Networks to choose, counting repetitions.
        dev : (X, y), or an object with `.X` and `.y`, optional
            None: the dev set of the sweep.

        Returns
        -------
        Ensemble
            Of the chosen networks, each once, with its count as weight.

        Raises
        ------
        ValueError
            The sweep kept no networks, or there is no dev set.

        Examples
        --------
        >>> import fastnn
        >>> from sklearn.datasets import load_digits
        >>> train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
        >>> result = fastnn.sweep([64, 16, 10], train, dev, {"l2": [0.1, 1, 10]}, seeds=2,
        ...                       normalize=True, epochs=5, keep=True)
        >>> ensemble = fastnn.Ensemble.of(result, 4)
        >>> bool(ensemble.error(dev) <= result.best_network.error(dev))
        True
        """
        n = integer(n, "n", 1)
        kept = None
        if not isinstance(result, list | tuple):
            result, kept = kept_by(result)
        everyone = cls(result)
        if dev is None and kept is None:
            raise ValueError(
                "expected a dev set to choose by: pass dev=(Xd, yd), or the result of "
                "fastnn.sweep(..., keep=True), which has one"
            )
        X, y = as_pair(kept if dev is None else dev, "dev")
        X = X if is_sparse(X) else as_numbers(X, "X")
        outputs = np.stack([network.forward(X) for network in everyone.networks])
        counts = select(outputs, Head(everyone.networks[0]), y, n)
        chosen = [k for k in range(len(counts)) if counts[k]]
        return cls([everyone.networks[k] for k in chosen], [counts[k] for k in chosen])

    @property
    def output(self) -> OutputName:
        """Name of the output that all networks have."""
        return self.networks[0].output

    @property
    def regression(self) -> bool:
        """Whether the outputs are real values rather than classes."""
        return self.networks[0].regression

    def __len__(self) -> int:
        return len(self.networks)

    def __repr__(self) -> str:
        first = self.networks[0]
        return (
            f"<Ensemble of {len(self)} networks, {first.layer_sizes[0]} features, "
            f"{first.layer_sizes[-1]} outputs, output={first.output!r}, dtype={first.dtype.name!r}>"
        )

    def _repr_html_(self) -> str:
        return as_html(self)

    # --- results for examples ----------------------------------------------------------------

    def forward(self, X: Features) -> Array:
        """The mean of the networks' output activations, by weight.

        All networks run in one compiled call, on as many threads as the work is worth. The sum of
        weight times output is in float64, in the order of `networks`, and is rounded once: the bits
        are the same for any number of threads.

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix

        Returns
        -------
        A : (m, n[L]) array, of the networks' dtype
        """
        return mean_outputs(self.networks, self.weights.tolist(), X)

    def spread(self, X: Features) -> Array:
        """The standard deviation of the networks' output activations around `forward`, by weight.

        It is 0 where all networks agree. It is larger far from the training examples than among
        them, if the networks differ in seeds (Lakshminarayanan et al., 2017).

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix

        Returns
        -------
        (m, n[L]) array, of the networks' dtype
        """
        return mean_outputs(self.networks, self.weights.tolist(), X, spread=True)

    def predict(self, X: Features) -> NDArray[Any]:
        """Class labels 0 .. C-1 (softmax), 0 or 1 (sigmoid), or real values, by the mean outputs.

        Returns
        -------
        (m,) array; (m, n[L]) for several outputs that are no softmax
        """
        return OUTPUTS[self.output].predict(self.forward(X))

    def cost(
        self,
        X: Features | HasXy,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """The mean loss of the mean outputs; an ensemble has no penalty.

        Parameters
        ----------
        X, y, sample_weight : as for `Network.cost`
            Or X alone, a part of `fastnn.split`.
        """
        return self._measured(Head.cost, X, y, sample_weight)

    def error(
        self,
        X: Features | HasXy,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Share of wrong labels, or the root mean squared error of real outputs.

        The arguments are as for `cost`.
        """
        return self._measured(Head.error, X, y, sample_weight)

    score = score
    predict_proba = predict_proba
    diagnose = diagnose

    # --- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the networks and weights to one safetensors file; `fastnn.load` reads it.

        Parameters
        ----------
        path : str or path-like
            Written entirely or not at all.

        Examples
        --------
        >>> import fastnn, os, tempfile
        >>> ensemble = fastnn.Ensemble([fastnn.Network([4, 8, 3], rng=k) for k in range(3)])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = os.path.join(directory, "ensemble.safetensors")
        ...     ensemble.save(path)
        ...     fastnn.load(path)
        <Ensemble of 3 networks, 4 features, 3 outputs, output='softmax', dtype='float32'>
        """
        from fastnn.files.model import save

        save(self, path, "ensemble")

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write one ONNX model of all networks and their mean (needs onnx: the extra `onnx`).

        Parameters
        ----------
        path : str or path-like
            Written entirely or not at all. The model is as from `fastnn.to_onnx`.
        """
        from fastnn.export.onnx_model import write_onnx

        write_onnx(self.networks, path, weights=self.weights)

    @property
    def theta(self) -> Array:
        """The parameters of all networks, one after the other, as a copy."""
        return np.concatenate([network.theta for network in self.networks])

    @property
    def spec(self) -> dict[str, Any]:
        """The settings of the networks and their weights, in types that JSON knows."""
        return {
            "members": [network.spec for network in self.networks],
            "weights": self.weights.tolist(),
        }

    # --- inside ------------------------------------------------------------------------------

    def _measured(self, measure, X, y, sample_weight):
        X, y = as_examples(X, y)
        return measure(Head(self.networks[0]), self.forward(X), y, sample_weight)
