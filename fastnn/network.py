"""A fully connected network: its parameters, and what can be asked of it."""

import copy
import sys
from numbers import Real
from types import MappingProxyType

import numpy as np

from fastnn.arguments import boolean, generator, integer, lookup, number, per_layer
from fastnn.data.inputs import as_features, as_numbers, as_targets, as_weights
from fastnn.engine import passes
from fastnn.engine.threads import choose_threads
from fastnn.layers.activations import ACTIVATIONS
from fastnn.layers.initializers import INITIALIZERS, initialize
from fastnn.layers.layout import Layout, aligned_vector
from fastnn.layers.outputs import OUTPUTS


class Network:
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
    output : str, optional
        "softmax", "sigmoid", "identity": with cross-entropy, binary cross-entropy per output, and
        half mean squared error summed over outputs. None: softmax if n[L] > 1, else sigmoid.
        "exp": e^z with the Poisson loss; "identity_absolute", "identity_huber": the identity with
        the mean absolute error and with Huber's loss; each summed over outputs.
    keep_prob : float or sequence of float in (0, 1], default 1.0
        Inverted dropout in `fit` (Srivastava et al., 2014): one probability for the hidden
        layers, or one for each of the layers 0 .. L-1, the input first.
    l2, l1 : float or sequence of float, default 0.0
        lambda of the penalty ``(1/m) sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1)``: one for
        all layers or one for each. Biases are not penalized. Divided by m, the number of training
        examples, as in the notes: l2 is m times what PyTorch calls weight_decay.
    init : {"auto", "he", "xavier", "glorot", "lecun", "normal", "zeros"}, default "auto"
        Variance of the initial weights; auto goes by the activation.
    init_gain : float, default 1.0
        Multiplies their standard deviation.
    dtype : {"float32", "float64"}, default "float32"
    normalize : bool, default False
        Give every feature mean 0 and standard deviation 1: mu and sigma are those of the X of the
        first `fit` (not of dev), and are applied to every X from then on, row by row as X is read.
        X is always passed raw.
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
        That of the last `fit`, also when it was interrupted.
    normalizer : Normalizer or None
        A copy of what is applied to X. None may be assigned, so that the next `fit` takes mu and
        sigma anew, or another fitted one.

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

    def __init__(self, layer_sizes, *, activation="relu", output=None, keep_prob=1.0, l2=0.0,
                 l1=0.0, init="auto", init_gain=1.0, dtype="float32", normalize=False,
                 normalizer=None, rng=None):
        self._layer_sizes = _check_layer_sizes(layer_sizes)
        depth = len(self._layer_sizes) - 1
        self._activation = _check_activation(activation, depth - 1)
        if output is None:
            output = "softmax" if self._layer_sizes[-1] > 1 else "sigmoid"
        lookup(OUTPUTS, output, "output")
        if output == "softmax" and self._layer_sizes[-1] == 1:
            raise ValueError(
                "expected at least 2 units for a softmax output, got 1, which is always 1; "
                "use output='sigmoid'"
            )
        self._output = output
        self.keep_prob = keep_prob
        self.l2, self.l1 = l2, l1
        lookup({"auto": None, **INITIALIZERS}, init, "init")
        self._init, self._init_gain = init, number(init_gain, "init_gain", "[0, inf)")
        self._dtype = _check_dtype(dtype)
        self._normalize = boolean(normalize, "normalize")
        self.normalizer = normalizer
        self._rng = generator(rng)
        self._layout = Layout.dense(self._layer_sizes)
        if self._layout.size * self._dtype.itemsize > sys.maxsize:
            raise ValueError(
                f"expected layers that fit into memory, got {self._layout.size} parameters"
            )
        self._theta = aligned_vector(self._layout.size, self._dtype)
        with np.errstate(over="ignore"):
            initialize(self._theta, self._layout, self._activation, init, self._init_gain,
                       self._rng)
        if not np.isfinite(self._theta).all():
            raise ValueError(f"expected init_gain to give finite {self._dtype}, got {init_gain!r}")
        self.history = None

    # --- what it is --------------------------------------------------------------------------

    @property
    def layer_sizes(self):
        return self._layer_sizes

    @property
    def activation(self):
        """Names of the hidden layers' activations, l = 1 .. L-1."""
        return self._activation

    @property
    def output(self):
        return self._output

    @property
    def regression(self):
        """Whether the outputs are real values rather than classes."""
        return OUTPUTS[self._output].regression

    @property
    def dtype(self):
        return self._dtype

    @property
    def layout(self):
        return self._layout

    @property
    def keep_prob(self):
        """Of layers 0 .. L-1. May be assigned to, as in the constructor."""
        return self._keep_prob

    @keep_prob.setter
    def keep_prob(self, keep_prob):
        depth = len(self._layer_sizes) - 1
        if isinstance(keep_prob, Real):
            keep_prob = (1.0,) + (number(keep_prob, "keep_prob", "(0, 1]"),) * (depth - 1)
        self._keep_prob = per_layer(
            keep_prob, "keep_prob", depth, "(0, 1]", f"the layers 0 .. {depth - 1}, the input first"
        )

    @property
    def l2(self):
        """lambda of the L2 penalty of W1 .. WL. May be assigned to, as in the constructor."""
        return self._l2

    @l2.setter
    def l2(self, l2):
        self._l2 = self._check_penalty(l2, "l2")

    @property
    def l1(self):
        """lambda of the L1 penalty of W1 .. WL. May be assigned to, as in the constructor."""
        return self._l1

    @l1.setter
    def l1(self, l1):
        self._l1 = self._check_penalty(l1, "l1")

    def _check_penalty(self, value, name):
        depth = len(self._layer_sizes) - 1
        return per_layer(value, name, depth, "[0, inf)", f"the layers 1 .. {depth}")

    @property
    def normalize(self):
        """Whether X is normalized: by `normalizer`, or by what the next `fit` makes of its X."""
        return self._normalize or self._normalizer is not None

    @property
    def normalizer(self):
        return copy.copy(self._normalizer)

    @normalizer.setter
    def normalizer(self, normalizer):
        if normalizer is not None:
            normalizer = self._check_normalizer(normalizer)
        self._normalizer = normalizer
        self._shortcut = None   # made by the first forward

    def _check_normalizer(self, normalizer):
        from fastnn.data.normalizer import Normalizer

        if isinstance(normalizer, dict):   # as spec has it
            normalizer = Normalizer.from_dict(normalizer)
        if not isinstance(normalizer, Normalizer):
            raise TypeError(
                f"expected normalizer to be a fitted fastnn.Normalizer, got {normalizer!r} of type "
                f"{type(normalizer).__name__}"
            )
        if normalizer.mean_.size != self._layer_sizes[0]:
            raise ValueError(
                f"expected a normalizer of the network's {self._layer_sizes[0]} features, got one "
                f"of {normalizer.mean_.size}"
            )
        return normalizer.as_dtype(self._dtype)

    @property
    def theta(self):
        return self._theta

    @theta.setter
    def theta(self, theta):
        given = as_numbers(theta, "theta")
        if given.shape != self._theta.shape:
            raise ValueError(f"expected theta of shape {self._theta.shape}, got {given.shape}")
        with np.errstate(over="ignore"):   # the next check speaks of it
            theta = given.astype(self._dtype)
        bad = np.flatnonzero(~np.isfinite(theta))
        if bad.size:
            raise ValueError(
                f"expected theta to be finite in {self._dtype}, got {given[bad[0]]} at index "
                f"{bad[0]}"
            )
        self._theta[...] = theta

    @property
    def params(self):
        """W1, b1, ..., WL, bL by name, live views on theta: ``net.params["W1"][...] = W``."""
        return MappingProxyType(self._layout.views(self._theta))

    @property
    def spec(self):
        """The arguments that make a network like this one, in types that JSON knows."""
        return {
            "layer_sizes": list(self._layer_sizes),
            "activation": list(self._activation),
            "output": self._output,
            "keep_prob": list(self._keep_prob),
            "l2": list(self._l2),
            "l1": list(self._l1),
            "init": self._init,
            "init_gain": self._init_gain,
            "dtype": self._dtype.name,
            "normalize": self._normalize,
            "normalizer": None if self._normalizer is None else self._normalizer.to_dict(),
        }

    def __repr__(self):
        alike = len(set(self._activation)) == 1
        activation = self._activation[0] if alike else list(self._activation)
        return (
            f"<Network {list(self._layer_sizes)}, activation={activation!r}, "
            f"output={self._output!r}, dtype={self._dtype.name!r}, "
            + ("normalize=True, " if self.normalize else "")
            + f"{self._theta.size:,} parameters>"
        )

    def __getstate__(self):
        return {name: value for name, value in vars(self).items()
                if name not in ("_fitted_by", "_shortcut")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        # It may come as a read-only view on a file (joblib).
        self._theta = aligned_vector(self._layout.size, self._dtype)
        self._theta[...] = state["_theta"]
        self._shortcut = None

    # --- what can be asked of it -------------------------------------------------------------

    def forward(self, X):
        """Output activations, dropout off.

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix

        Returns
        -------
        A : (m, n[L]) array
            Probabilities for softmax and sigmoid outputs.
        """
        A = self.forward_few(X)
        return passes.outputs(self, self.features(X)) if A is None else A

    def forward_few(self, X):
        """`forward` of a plain array of the network's dtype that holds finite numbers, and is work
        for one thread: with little to check and nothing to set up. None of any other X."""
        if self._shortcut is None:
            self._shortcut = passes.open_shortcut(self)
        A = self._shortcut.forward(X)
        if A is None and type(X) is np.ndarray and X.ndim == 2 and choose_threads(
                self._layer_sizes, len(X), steps=False) == 1:
            A = self._shortcut.forward(X, alone=True)
        return A

    def predict(self, X):
        """Class labels 0 .. C-1 (softmax), 0 or 1 (sigmoid), or real values (identity).

        Returns
        -------
        (m,) array; (m, n[L]) for a sigmoid or identity output of several units
        """
        return OUTPUTS[self._output].predict(self.forward(X))

    def cost(self, X, y, sample_weight=None):
        """J, with the penalty of len(X) examples; dropout off.

        ``J = sum_i w_i L_i / sum_i w_i + (1/m) sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1)``

        The penalty of another number of examples is another: `History.dev_cost` is the cost on the
        dev set with the penalty of the training set, so that the two compare.
        """
        return self._evaluate(X, y, sample_weight)[0]

    def error(self, X, y, sample_weight=None):
        """Share of wrong labels, or the root mean squared error of real outputs."""
        return self._evaluate(X, y, sample_weight)[1]

    def value_and_grad(self, X, y, sample_weight=None, dropout=None):
        """J and its gradient dtheta, both with the penalty.

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix
        y : (m,) labels 0 .. C-1 for softmax; (m,) or (m, n[L]) in [0, 1] for sigmoid, real for
            identity
        sample_weight : (m,) array-like, optional
        dropout : None or (seed, step)
            With the masks that `fit` has at that update, held fixed; None for no dropout.

        Returns
        -------
        J : float
        dtheta : (N,) array, laid out as theta
        """
        if dropout is not None:
            if not isinstance(dropout, tuple | list) or len(dropout) != 2:
                raise TypeError(f"expected dropout to be None or (seed, step), got {dropout!r}")
            seed, step = dropout
            dropout = integer(seed, "seed", 0, 2**64 - 1), integer(step, "step", 0, 2**63)
        return passes.differentiate(self, *self._check_data(X, y, sample_weight), dropout)

    def gradcheck(self, X, y, *, dropout=False, sample_weight=None, epsilon=1e-7,
                  method="two-sided", indices=None, sample=None, rng=0, threads=None):
        """The gradient that `value_and_grad` gives beside a numerical one.

        For debugging, not for training. The numerical derivative comes from other code than the
        network: compiled by Numba (once; ``fastnn warmup`` does it ahead), in float64 whatever the
        dtype, with the penalty. Where theta[i] moved by epsilon takes a unit across a kink of its
        activation, the component is left out, and counted in the report.

        Parameters
        ----------
        X, y, sample_weight
            As for `value_and_grad`; some 64 examples are plenty.
        dropout : bool or (seed, step)
            True: with masks that are held fixed; a pair: with those of `fit` at that update.
        epsilon : float in (0, 0.01]
        method : {"two-sided", "one-sided"}
            ``(J(theta + epsilon) - J(theta - epsilon)) / (2 epsilon)``, or
            ``(J(theta + epsilon) - J(theta)) / epsilon``.
        indices : array of int or bool, optional
            The components of theta to check; None for all.
        sample : int, optional
            Check that many at random, some of each W and b.
        rng : seed or Generator
            Of the sample and, for ``dropout=True``, the masks.
        threads : int, optional
            None: one for each processor. The result has the same bits for any.

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

        return check(self, X, y, dropout=dropout, sample_weight=sample_weight, epsilon=epsilon,
                     method=method, indices=indices, sample=sample, rng=rng, threads=threads)

    def sparsity(self):
        """Share of weights that are exactly zero: of each W[l] by name, and of "all" of them."""
        weights = {p.name: self._theta[p.slice] for p in passes.weights_of(self)}
        zeros = {name: int(np.count_nonzero(W == 0)) for name, W in weights.items()}
        shares = {name: zeros[name] / W.size for name, W in weights.items()}
        return {**shares, "all": sum(zeros.values()) / sum(W.size for W in weights.values())}

    def fit(self, X, y, *, dev=None, epochs=100, batch_size=128, optimizer="adam",
            learning_rate=1e-3, schedule=None, sample_weight=None, shuffle=True,
            early_stopping=None, evaluate_every=1, callbacks=(), progress=False, threads=None,
            augment=None, gradcheck_at=(), checkpoint=None, resume=None):
        """Train from the present theta.

        Parameters
        ----------
        X, y : as for `value_and_grad`
            Any array-like, memory map, or CSR/CSC matrix; never copied whole.
        dev : (Xd, yd), optional
            Evaluated after each epoch, and what early stopping goes by.
        epochs : int
        batch_size : int or None
            None is full-batch descent: one update an epoch.
        optimizer : str or object
            gd momentum nesterov rmsprop adam adamw lbfgs, or an object with its settings such as
            ``fastnn.Adam(beta1=0.95)``. L1 gives exact zeros under every one of them; lbfgs finds
            the minimum of convex problems best. lbfgs has no batches, learning rate or schedule
            (they are not used), and no dropout (it is refused).
        learning_rate : float
        schedule : str, object or function, optional
            constant linear cosine step exponential inverse, an object of `fastnn.schedules`, or
            a function of the epochs done (2.25: a quarter into the third) that gives a factor.
        sample_weight : (m,) array-like, optional
        shuffle : bool
            A new order of rows every epoch.
        early_stopping : bool, int or EarlyStopping, optional
            True, a patience in epochs, or an object; restores the best parameters. Needs `dev`.
        evaluate_every : int
            Epochs between evaluations of cost and errors on all of X and dev (the last epoch
            always is); entries between are NaN. 0: never, which is fastest.
        callbacks : sequence of functions
            Called as ``callback(net, history)`` after each epoch; one that returns True stops
            the fit. `OptunaPruningCallback` is one.
        progress : bool
            Show a progress bar.
        threads : int, optional
            None: as many as have turned out fastest while training, up to what the work of a step
            is worth and this process may use, by the environment's OMP_NUM_THREADS as well (which
            joblib, Dask and Ray set in their workers). The result has the same bits for any.
        augment : fastnn.augment.Images, optional
            What to do to the images that are the rows of a dense X, anew in every epoch. Cost and
            errors are evaluated without it. Not for lbfgs, whose J must stay the same.
        gradcheck_at : int or sequence of int
            (0, 5): check gradients at initialization and again when 5 epochs are done, on the
            first 64 examples, with dropout's masks, and at most 10,000 components of theta;
            `History.gradchecks` keeps the results.
        checkpoint : path or Checkpoint, optional
            A file that the state of the fit is saved to after every epoch, or as the object says.
            Not for lbfgs.
        resume : path or True, optional
            A checkpoint to go on from, to the same bits of theta and History (times and
            gradchecks apart) as without the interruption; True: from `checkpoint` if there is
            such a file, so that the same call begins and goes on. X, y, dev, sample_weight, the
            network and all that bears on the bits must be as they were (of arrays over 64 MiB a
            sample of rows is compared); `epochs` may be more where the schedule does not depend on
            them. Callbacks of the last epoch saved are called again.

        Returns
        -------
        History

        Raises
        ------
        DivergenceError
            A cost, gradient or parameter was not finite; the last finite theta is restored.
        KeyboardInterrupt
            On Ctrl-C, after at most some 100 ms: theta is that of the last finished batch, and
            `history` is kept.
        ModelFormatError
            The file to resume from is not a checkpoint, or is damaged.
        ValueError, TypeError
            Before anything has changed.
        """
        from fastnn.training.fitting import fit

        return fit(self, X, y, dev=dev, epochs=epochs, batch_size=batch_size, optimizer=optimizer,
                   learning_rate=learning_rate, schedule=schedule, sample_weight=sample_weight,
                   shuffle=shuffle, early_stopping=early_stopping, evaluate_every=evaluate_every,
                   callbacks=callbacks, progress=progress, threads=threads, augment=augment,
                   gradcheck_at=gradcheck_at, checkpoint=checkpoint, resume=resume)

    def diagnose(self, train, dev, *, test=None, train_dev=None, optimal_error=0.0, **thresholds):
        """Tell bias from variance on these sets, and say what to do; see `fastnn.diagnose`.

        Advice is made concrete with the network and its last fit.

        Parameters
        ----------
        train, dev : (X, y), or an object with `.X` and `.y`
        test, train_dev : the same, optional
            train_dev: unseen examples of the training distribution where dev's is another.
        optimal_error : float in [0, 1], default 0.0
            In the units below.
        **thresholds
            confidence, tolerance, relative_tolerance, share of `fastnn.diagnose`.

        Returns
        -------
        Diagnosis
            Errors are shares of wrong labels; of an identity output the share of the targets'
            variance that is left unexplained, squared error over the variance of the *training*
            targets (1 - R^2 on them): 1 is as good as predicting the mean, 0.02 is a root mean
            squared error of 14 % of their standard deviation.
        """
        from fastnn.diagnosis import diagnose_network

        return diagnose_network(self, train, dev, test=test, train_dev=train_dev,
                                optimal_error=optimal_error, **thresholds)

    def signal_flow(self, X, y, *, max_rows=1000):
        """How signals and gradients fare from layer to layer, dropout off.

        What is advised where they vanish or explode has been measured on these examples, in new
        networks with other settings; that takes some more time than where all is well.

        Parameters
        ----------
        X, y : as for `value_and_grad`
            With ``normalize=True`` and before the first fit, X is normalized by its own mu and
            sigma, as the fit on it would do.
        max_rows : int, default 1000
            Of more rows, so many are drawn at random, the same every time.

        Returns
        -------
        SignalFlow
            With a growth factor a layer and a verdict: vanishing, exploding, dead or healthy.

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

    def plot_weights(self, ax=None, bins=50):
        """Draw histograms of the weights of each layer (needs matplotlib: the extra `plot`).

        Returns
        -------
        WeightsDisplay
            With `ax_` and `figure_`.
        """
        from fastnn.plots.signals import plot_weights

        return plot_weights(self, ax, bins)

    def plot_boundary(self, X, y, ax=None, resolution=200):
        """Draw what a network of two features decides (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        X, y : as for `value_and_grad`, X of two columns
            Drawn over the classes, the probability of class 1, or the value of a regression.
        ax : matplotlib axes, optional
        resolution : int
            Points of the grid a side.

        Returns
        -------
        BoundaryDisplay
            With `ax_` and `figure_`.
        """
        from fastnn.plots.boundary import plot_boundary

        return plot_boundary(self, X, y, ax, resolution)

    def save(self, path):
        """Write the network to a safetensors file; `fastnn.load` reads it."""
        from fastnn.files.model import save

        save(self, path)

    # --- what passes.py and training.py need -------------------------------------------------

    @property
    def activation_codes(self):
        """Codes of layers 0 .. L in the compiled core; input and logits are the identity."""
        hidden = [ACTIVATIONS[name].code for name in self._activation]
        identity = ACTIVATIONS["identity"].code
        return [identity, *hidden, identity]

    @property
    def output_code(self):
        return OUTPUTS[self._output].code

    @property
    def rng(self):
        return self._rng

    def current_normalizer(self):
        """What is applied to X, or None; an error where it waits for `fit`."""
        if self._normalize and self._normalizer is None:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "with normalize=True, mu and sigma are those of the training set: call fit first, "
                "or assign net.normalizer = fastnn.Normalizer().fit(X)"
            )
        return self._normalizer

    def normalizer_for(self, X):
        """What `fit` on X applies to X and dev, or None."""
        if not self._normalize or self._normalizer is not None:
            return self._normalizer
        from fastnn.data.normalizer import Normalizer

        as_features(X, self._layer_sizes[0], np.dtype(np.float64))   # says what is wrong with X
        return Normalizer(dtype=self._dtype).fit(X)

    def features(self, X, normalizer=None):
        """X as the compiled core reads it: checked, and to be normalized as it is gathered."""
        return as_features(X, self._layer_sizes[0], self._dtype,
                           normalizer or self.current_normalizer())

    def _check_data(self, X, y, sample_weight, normalizer=None):
        rows = self.features(X, normalizer)
        m = rows.shape[0]
        if m == 0:
            raise ValueError("expected at least one example, got X with 0 rows")
        targets = as_targets(y, m, self._output, self._layer_sizes[-1], self._dtype)
        return rows, targets, as_weights(sample_weight, m)

    def _evaluate(self, X, y, sample_weight):
        rows, targets, weight = self._check_data(X, y, sample_weight)
        session = passes.open_session(self, rows, targets, weight)
        return passes.evaluate(session, self, rows.shape[0])


def _check_layer_sizes(layer_sizes):
    try:
        sizes = list(layer_sizes)
    except TypeError:
        sizes = []
    if len(sizes) < 2 or isinstance(layer_sizes, str):
        raise ValueError(
            "expected layer_sizes to be at least two integers, the features and the outputs, "
            f"as in [64, 128, 10]; got {layer_sizes!r}"
        )
    return tuple(integer(n, f"layer_sizes[{l}]", 1, 2**31 - 1) for l, n in enumerate(sizes))


def _check_activation(activation, hidden):
    names = [activation] * hidden if isinstance(activation, str) else activation
    if isinstance(activation, str) and not hidden:
        lookup(ACTIVATIONS, activation, "activation")
    try:
        names = tuple(names)
    except TypeError:
        raise TypeError(
            f"expected activation to be a name or a sequence of names, got {activation!r}"
        ) from None
    if len(names) != hidden:
        raise ValueError(
            f"expected one activation, or one for each of the {hidden} hidden layers; "
            f"got {len(names)}"
        )
    for name in names:
        lookup(ACTIVATIONS, name, "activation")
    return names


def _check_dtype(dtype):
    try:
        resolved = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):   # what NumPy raises depends on the string
        resolved = None
    if resolved not in (np.float32, np.float64) or dtype is None:
        raise ValueError(f"expected dtype float32 or float64, got {dtype!r}")
    return resolved.newbyteorder("=")
