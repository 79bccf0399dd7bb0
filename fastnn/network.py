"""`Network`: the public methods; each calls the room that does the work.

Internal: it may change at any time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import ArrayLike

from fastnn.arguments import Rng
from fastnn.data.inputs import Features
from fastnn.data.parts import Examples
from fastnn.derivatives.layer_values import layers
from fastnn.derivatives.pullback import input_gradient, vjp
from fastnn.engine.attributes import OnFirstUse, no_attribute
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.dropout import sample
from fastnn.engine.results import predict_proba, score
from fastnn.errors import ModelFormatError
from fastnn.layers.described import as_html
from fastnn.losses.criterion import AnyLoss

if TYPE_CHECKING:
    from fastnn.diagnosis import Diagnosis, SignalFlow
    from fastnn.gradient_checking.result.gradient_check import GradientCheck
    from fastnn.plots.boundary import BoundaryDisplay
    from fastnn.plots.figure import Display
    from fastnn.trainer.preparation import trainer
    from fastnn.training.fitting import fit
    from fastnn.training.history import History


class Network(BaseNetwork):
    """A fully connected neural network.

    Layers count from 1; layer 0 is the input. Examples are rows: ``A[0] = X``,
    ``Z[l] = A[l-1] W[l] + b[l]``, ``A[l] = g[l](Z[l])``.

    Parameters
    ----------
    layer_sizes : sequence of int
        n[0] features, then the units of each layer. ``[n, 1]`` is logistic regression.
    activation : str or sequence of str, default "relu"
        One name, or one for each hidden layer: relu leaky_relu elu gelu silu tanh sigmoid
        softplus identity.
    output : str or Loss, optional
        "softmax", "sigmoid", "identity": with cross-entropy, binary cross-entropy per output, and
        half mean squared error summed over outputs. None: softmax if n[L] > 1, else sigmoid.
        "exp": e^z with the Poisson loss; "identity_absolute", "identity_huber": the identity with
        the mean absolute error and with Huber's loss; each summed over outputs. Or a
        `fastnn.Loss`, as in `fastnn.losses`: J is then its value everywhere.
    keep_prob : float or sequence of float in (0, 1], default 1.0
        Inverted dropout in `fit` (Srivastava et al., 2014): one probability for the hidden
        layers, or one for each of the layers 0 .. L-1, the input first.
    l2, l1 : float or sequence of float, default 0.0
        lambda of the penalty ``(1/m) sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1)``: one for
        all layers or one for each. Biases are not penalized. Divided by m, the number of training
        examples, as in the notes: l2 is m times what PyTorch calls weight_decay.
    max_norm : float or sequence of float, optional
        c: after each update, the weights into a unit, a column of W[l], are scaled down to norm c
        if theirs is larger (Srivastava et al., 2014). One for all layers or one for each; None: no
        limit. Biases do not count. It goes well with dropout and a large learning rate; 2 to 4 are
        usual.
    init : {"auto", "he", "xavier", "glorot", "lecun", "normal", "zeros"}, default "auto"
        Variance of the initial weights; auto goes by the activation.
    init_gain : float, default 1.0
        Multiplies their standard deviation.
    dtype : {"float32", "float64"}, default "float32"
    normalize : bool, default False
        Give every feature mean 0 and standard deviation 1. The first `fit` takes mu and sigma from
        its X (not from dev). They are applied to every X from then on, row by row as X is read, so
        that X is always passed raw.
    normalizer : Normalizer, optional
        A fitted one to apply from the start; None leaves it to `normalize`.
    rng : int, numpy.random.Generator or None
        Source of the initial weights and, in `fit`, of the order of rows and the masks.

    Attributes
    ----------
    theta : (N,) array
        Every parameter, W1, b1, ..., WL, bL. Assigning to it copies.
    layout : Layout
        Names to stretches of theta.
    history : History or None
        The record of the last `fit`, also if it was interrupted.
    normalizer : Normalizer or None
        A copy of the one that is applied to X. Another fitted one may be assigned, or None, so that
        the next `fit` takes mu and sigma anew.

    Raises
    ------
    ValueError, TypeError
        Where an argument is not as above; the message says what was expected.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> net = fastnn.Network([2, 16, 2], rng=0)
    >>> history = net.fit(X, y, epochs=200, learning_rate=0.01)
    >>> bool(net.error(X, y) < 0.05)
    True
    """

    history: History | None
    sample = sample
    score = score
    predict_proba = predict_proba
    vjp = vjp
    input_gradient = input_gradient
    layers = layers
    _repr_html_ = as_html
    if TYPE_CHECKING:
        fit = fit
        trainer = trainer
    else:
        fit = OnFirstUse("fastnn.training.fitting")
        trainer = OnFirstUse("fastnn.trainer.preparation")

        # A type checker would take it to allow every name.
        def __setattr__(self, name, value):
            """Refuse names that a network does not have; a subclass may have others."""
            if name[0] != "_" and type(self) is Network and not hasattr(Network, name):
                raise AttributeError(no_attribute(Network, name))
            object.__setattr__(self, name, value)

    def gradcheck(
        self,
        X: Features,
        y: ArrayLike,
        *,
        dropout: bool | tuple[int, int] = False,
        sample_weight: ArrayLike | None = None,
        epsilon: float = 1e-7,
        method: Literal["two-sided", "one-sided"] = "two-sided",
        indices: ArrayLike | None = None,
        sample: int | None = None,
        rng: Rng = 0,
        threads: int | None = None,
        loss: AnyLoss | None = None,
    ) -> GradientCheck:
        """Compare the gradient of `value_and_grad` with a numerical one.

        For debugging, not for training. The numerical derivative comes from other code than the
        network: compiled by Numba (once; ``fastnn warmup`` does it ahead), in float64 whatever the
        dtype, with the penalty. If moving theta[i] by epsilon takes a unit across a kink of its
        activation, the component is left out, and counted in the report.

        Parameters
        ----------
        X, y, sample_weight
            As for `value_and_grad`; some 64 examples are plenty.
        dropout : bool or (seed, step)
            True: with masks that are held fixed; a pair: with the masks of `fit` at that update.
        epsilon : float in (0, 0.01]
        method : {"two-sided", "one-sided"}
            ``(J(theta + epsilon) - J(theta - epsilon)) / (2 epsilon)``, or
            ``(J(theta + epsilon) - J(theta)) / epsilon``.
        indices : array of int or bool, optional
            The components of theta to check; None for all.
        sample : int, optional
            Check that many at random, some of each W and b.
        rng : seed or Generator
            Source of the sample and, for ``dropout=True``, of the masks.
        threads : int, optional
            None: one for each processor. The result has the same bits for any.
        loss : Loss or function, optional
            As for `fit`. The note of the result names a wrong slope of a `Loss`.

        Returns
        -------
        GradientCheck

        Examples
        --------
        >>> import numpy as np, fastnn
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.standard_normal((20, 4)), rng.integers(0, 3, 20)
        >>> net = fastnn.Network([4, 8, 3], l2=0.1, dtype="float64", rng=0)
        >>> check = net.gradcheck(X, y)
        >>> check.verdict, check.difference < 1e-7
        ('correct', True)
        """
        from fastnn.gradient_checking.network.check import check

        return check(
            self,
            X,
            y,
            dropout=dropout,
            sample_weight=sample_weight,
            epsilon=epsilon,
            method=method,
            indices=indices,
            sample=sample,
            rng=rng,
            threads=threads,
            loss=loss,
        )

    def diagnose(
        self,
        train: Examples,
        dev: Examples,
        *,
        test: Examples | None = None,
        train_dev: Examples | None = None,
        optimal_error: float | None = None,
        try_advice: bool = False,
        **thresholds: Any,
    ) -> Diagnosis:
        """Find the cause of the network's error, and the first thing to do about it.

        Before bias and variance come other causes, each with its evidence: a dev set of other
        shares of the classes, or with training rows in it; labels, the scale of X, columns that
        number the rows, units that are copies of each other. Where an error is high, short fits
        beside the network show more: inputs that are not normalized, a learning rate too small or
        too large, too few updates, options of the fit that hold it back, too strong a penalty, too
        small a network, an X that tells nothing of y, or rows of X and y that do not belong
        together. Then bias from variance, as `fastnn.diagnose`, and a note on always one class.

        The first advice is followed on trial, for as long as a whole fit. Where the fit overfits,
        early stopping is advised with it; where the dev error is not lower beyond chance, the
        advice is to keep the network. `Diagnosis.change` has the first advice as arguments.

        Parameters
        ----------
        train, dev : (X, y), or an object with `.X` and `.y`
            Of shares as softmax targets, errors are against the most probable class.
        test, train_dev : the same, optional
            train_dev: unseen examples of the training distribution, if dev has another one.
        optimal_error : float in [0, 1], optional
            In the units below. None: 0 where the training error is low; else it is only known to
            lie between the bounds of `fastnn.optimal_error`, and below the dev error.
        try_advice : bool, default False
            Try the first advice on a new network for a moment, and note the gain.
        **thresholds
            confidence, tolerance, relative_tolerance, share of `fastnn.diagnose`.

        Returns
        -------
        Diagnosis
            Errors are shares of wrong labels. For an identity output they are the unexplained share
            of the targets' variance: squared error over the variance of the *training* targets
            (1 - R^2 on them). 1 is as good as predicting the mean; 0.02 is a root mean squared
            error of 14 % of their standard deviation.
        """
        from fastnn.diagnosis import diagnose_network

        return diagnose_network(
            self,
            train,
            dev,
            test=test,
            train_dev=train_dev,
            optimal_error=optimal_error,
            try_advice=try_advice,
            **thresholds,
        )

    def signal_flow(self, X: Features, y: ArrayLike, *, max_rows: int = 1000) -> SignalFlow:
        """Measure the signals and gradients from layer to layer, dropout off.

        If they vanish or explode, remedies are measured on these examples, in new networks with
        other settings; this takes some more time.

        Parameters
        ----------
        X, y : as for `value_and_grad`
            With ``normalize=True`` and before the first fit, X is normalized by its own mu and
            sigma, as the fit on it would do.
        max_rows : int, default 1000
            From more rows, this many are drawn at random, the same every time.

        Returns
        -------
        SignalFlow
            A growth factor for each layer and a verdict: dead, symmetric, vanishing, exploding or
            healthy.

        Examples
        --------
        >>> import numpy as np, fastnn
        >>> net = fastnn.Network([8] * 51, activation="identity", output="identity", rng=0)
        >>> for name, value in net.params.items():
        ...     value[...] = 1.5 * np.eye(8) if name[0] == "W" else 0
        >>> X = np.random.default_rng(0).standard_normal((100, 8))
        >>> net.signal_flow(X, X).verdict[:35]
        'exploding: x1.5 a layer forward and'
        """
        from fastnn.diagnosis import measure_signals

        return measure_signals(self, X, y, max_rows=max_rows)

    def plot_weights(self, ax: Any = None, bins: int = 50) -> Display:
        """Draw histograms of the weights of each layer (needs matplotlib: the extra `plot`).

        Returns
        -------
        Display
            With `ax_` and `figure_`.
        """
        from fastnn.plots.signals import plot_weights

        return plot_weights(self, ax, bins)

    def plot_boundary(
        self, X: Features, y: ArrayLike, ax: Any = None, resolution: int = 200
    ) -> BoundaryDisplay:
        """Draw the decisions of a network of two features (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        X, y : as for `value_and_grad`, X of two columns
            Drawn over the classes, the probability of class 1, or the value of a regression.
        ax : matplotlib axes, optional
        resolution : int
            Points on each side of the grid.

        Returns
        -------
        BoundaryDisplay
            With `ax_` and `figure_`.
        """
        from fastnn.plots.boundary import plot_boundary

        return plot_boundary(self, X, y, ax, resolution)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file; `fastnn.load` reads it."""
        from fastnn.files.model import save

        save(self, path)


def restored(path: str | os.PathLike[str], spec: dict[str, Any], theta: ArrayLike) -> Network:
    """The network of a spec that a file has; ModelFormatError where there is none."""
    try:
        net = Network(**spec)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelFormatError(
            f"{os.fsdecode(path)}: the stored spec makes no network: {error}"
        ) from error
    net.theta = theta
    return net
