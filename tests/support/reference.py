"""A fully connected network in plain NumPy float64, written from the formulas and nothing else.

It is the judge of the library, so it shares no code with it and prefers the shortest form of each
formula to speed. Examples are rows, ``Z[l] = A[l-1] W[l] + b[l]``, and theta is W1, b1, W2, b2, ...
one after the other (W in C order). Dropout masks come from outside, so that those of any generator
can be replayed.
"""

import numpy as np
from scipy.special import erfc


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def normal_cdf(z):
    return erfc(-z / np.sqrt(2)) / 2


def normal_pdf(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _elu(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


# name -> (value, slope), both functions of z
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "elu": (_elu, lambda z: np.exp(np.minimum(z, 0))),
    "gelu": (lambda z: z * normal_cdf(z), lambda z: normal_cdf(z) + z * normal_pdf(z)),
    "silu": (
        lambda z: z * sigmoid(z),
        lambda z: sigmoid(z) + z * sigmoid(z) * sigmoid(-z),
    ),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "softplus": (softplus, sigmoid),
    "identity": (lambda z: z, np.ones_like),
}


def _softmax_loss(z, y):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    rows = np.arange(len(z))
    dz = e / total
    dz[rows, y] -= 1
    return np.log(total[:, 0]) - z[rows, y], dz


def _sigmoid_loss(z, y):
    loss = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return loss.sum(axis=1), sigmoid(z) - y


def _identity_loss(z, y):
    return ((z - y) ** 2).sum(axis=1) / 2, z - y


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# name -> (output activation of the logits, (logits, y) -> (loss of each row, dloss/dlogits))
OUTPUTS = {
    "softmax": (_softmax, _softmax_loss),
    "sigmoid": (sigmoid, _sigmoid_loss),
    "identity": (lambda z: z, _identity_loss),
}

# name -> (outputs, dJ/doutputs) -> dJ/dlogits, by the Jacobian matrix of each row
OUTPUT_SLOPES = {
    "softmax": lambda A, dA: np.stack(
        [(np.diag(a) - np.outer(a, a)) @ da for a, da in zip(A, dA, strict=True)]
    ),
    "sigmoid": lambda A, dA: A * (1 - A) * dA,
    "identity": lambda A, dA: dA,
}


def _per_layer(value, count):
    return list(value) if np.ndim(value) or isinstance(value, list | tuple) else [value] * count


class ReferenceNetwork:
    """Cost and gradient as functions of theta.

    ``keep_prob`` has one entry per layer 0..L-1 (the input layer first); it only acts together with
    ``masks``, a list of as many boolean (rows, units) arrays, where None stands for a layer that
    drops nothing.

    ``kink_distance`` is the smallest nonzero |z| met so far in a layer whose activation has a kink
    at 0: tests use it to keep away from data on which two correct roundings of z differ in slope.
    """

    def __init__(
        self, layer_sizes, activation="relu", output="softmax", l2=0.0, l1=0.0, keep_prob=None
    ):
        self.sizes = list(layer_sizes)
        self.depth = len(self.sizes) - 1
        hidden = (
            [activation] * (self.depth - 1) if isinstance(activation, str) else list(activation)
        )
        assert len(hidden) == self.depth - 1, (
            f"{len(hidden)} activations for {self.depth - 1} hidden layers"
        )
        self.activation = hidden
        self.output = output
        self.l2 = _per_layer(l2, self.depth)
        self.l1 = _per_layer(l1, self.depth)
        self.keep_prob = [1.0] * self.depth if keep_prob is None else list(keep_prob)
        self.kink_distance = np.inf
        self.slices = []  # of W1, b1, W2, b2, ... in theta
        start = 0
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:], strict=False):
            for size in (fan_in * fan_out, fan_out):
                self.slices.append(slice(start, start + size))
                start += size
        self.size = start

    def unpack(self, theta):
        """Weights and biases, as lists of views on theta."""
        shapes = zip(self.sizes, self.sizes[1:], self.slices[::2], strict=False)
        W = [theta[part].reshape(fan_in, fan_out) for fan_in, fan_out, part in shapes]
        return W, [theta[part] for part in self.slices[1::2]]

    def spread(self, per_layer):
        """A vector like theta with the value of each layer at its weights and 0 at its biases."""
        out = np.zeros(self.size)
        for part, value in zip(self.slices[::2], per_layer, strict=True):
            out[part] = value
        return out

    def _propagate(self, theta, X, masks=None):
        """Inputs of every layer (after dropout) and Z of every layer."""
        W, b = self.unpack(theta)
        inputs, Z, A = [], [], np.asarray(X, dtype=float)
        for layer in range(self.depth):
            if masks is not None and masks[layer] is not None:
                A = A * masks[layer] / self.keep_prob[layer]
            inputs.append(A)
            Z.append(A @ W[layer] + b[layer])
            if layer < self.depth - 1:
                if self.activation[layer] in ("relu", "leaky_relu"):
                    distance = np.abs(Z[-1])
                    self.kink_distance = min(
                        self.kink_distance, distance.min(initial=np.inf, where=distance > 0)
                    )
                A = ACTIVATIONS[self.activation[layer]][0](Z[-1])
        return inputs, Z

    def forward(self, theta, X, masks=None):
        return OUTPUTS[self.output][0](self._propagate(theta, X, masks)[1][-1])

    def penalty(self, theta, rows):
        W, _ = self.unpack(theta)
        terms = zip(W, self.l2, self.l1, strict=True)
        return sum(l2 / 2 * (w * w).sum() + l1 * np.abs(w).sum() for w, l2, l1 in terms) / rows

    def data_gradient(self, theta, X, y, row_weights, masks=None):
        """Value and gradient of ``sum_i row_weights[i] L_i``."""
        y = (
            np.asarray(y)
            if self.output == "softmax"
            else np.asarray(y, dtype=float).reshape(len(X), -1)
        )
        inputs, Z = self._propagate(theta, X, masks)
        loss, dZ = OUTPUTS[self.output][1](Z[-1], y)
        gradient, _ = self._go_back(theta, inputs, Z, dZ * row_weights[:, None], masks)
        return row_weights @ loss, gradient

    def pull_back(self, theta, X, dA, masks=None):
        """dtheta and dX of any J, from its derivatives with respect to the outputs."""
        inputs, Z = self._propagate(theta, X, masks)
        dZ = OUTPUT_SLOPES[self.output](OUTPUTS[self.output][0](Z[-1]), np.asarray(dA, float))
        return self._go_back(theta, inputs, Z, dZ, masks)

    def input_gradient(self, theta, X, y, row_weights, masks=None):
        """The derivatives of ``sum_i row_weights[i] L_i`` with respect to X."""
        inputs, Z = self._propagate(theta, X, masks)
        dZ = OUTPUTS[self.output][1](Z[-1], np.asarray(y))[1] * row_weights[:, None]
        return self._go_back(theta, inputs, Z, dZ, masks)[1]

    def _go_back(self, theta, inputs, Z, dZ, masks):
        """dtheta and dX from dZ[L]."""
        gradient = np.empty(self.size)
        dW, db = self.unpack(gradient)
        W, _ = self.unpack(theta)
        for layer in reversed(range(self.depth)):
            dW[layer][:] = inputs[layer].T @ dZ
            db[layer][:] = dZ.sum(axis=0)
            dA = dZ @ W[layer].T
            if masks is not None and masks[layer] is not None:
                dA = dA * masks[layer] / self.keep_prob[layer]
            if layer > 0:
                dZ = dA * ACTIVATIONS[self.activation[layer - 1]][1](Z[layer - 1])
        return gradient, dA

    def value_and_grad(self, theta, X, y, sample_weight=None, masks=None):
        """J and dJ/dtheta.

        J = sum_i w_i L_i / sum_i w_i + (1/m) sum_l (l2/2 ||W||^2 + l1 ||W||_1); d|w|/dw = 0 at 0.
        """
        w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        value, gradient = self.data_gradient(theta, X, y, w / w.sum(), masks)
        gradient += (self.spread(self.l2) * theta + self.spread(self.l1) * np.sign(theta)) / len(X)
        return value + self.penalty(theta, len(X)), gradient

    def cost(self, theta, X, y, sample_weight=None, masks=None):
        return self.value_and_grad(theta, X, y, sample_weight, masks)[0]


def numeric_gradient(fun, theta, epsilon=1e-6, args=()):
    """(f(theta + eps) - f(theta - eps)) / (2 eps), one component after the other."""
    out = np.empty(len(theta))
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = epsilon
        out[i] = (fun(theta + step, *args) - fun(theta - step, *args)) / (2 * epsilon)
    return out


def relative_difference(a, b):
    """||a - b|| / max(||a||, ||b||); 0 when both are zero."""
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return np.linalg.norm(np.asarray(a, dtype=float) - b) / scale if scale > 0 else 0.0
