"""Random problems for the parity tests, each as a reference network and as one of the library.

All numbers are float32 values, so one problem serves both dtypes: a float32 network rounds nothing
on the way in.
"""

from dataclasses import dataclass

import numpy as np
from reference import ReferenceNetwork

ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "softplus",
    "identity",
)
OUTPUTS = ("softmax", "sigmoid", "identity")
PENALTIES = {
    "none": {},
    "l2": {"l2": 0.7},
    "l1": {"l1": 0.3},
    "both": {"l2": 0.7, "l1": 0.3},
    "per-layer": {"l2": [0.5, 0.0, 1.0], "l1": [0.0, 0.4, 0.1]},
}
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
# A ReLU input nearer to 0 may round to the other side in float32; such data is drawn again.
KINK_DISTANCE = 3e-6


@dataclass
class Problem:
    """A network (as keyword arguments of both implementations), parameters, and data."""

    sizes: list
    options: dict  # activation, output, l2, l1
    keep_prob: list  # one per layer 0..L-1
    theta: np.ndarray
    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None

    @property
    def drops(self):
        return any(p < 1 for p in self.keep_prob)

    def reference(self):
        return ReferenceNetwork(self.sizes, keep_prob=self.keep_prob, **self.options)

    def network(self, dtype):
        """The library's network with the same theta."""
        import fastnn

        net = fastnn.Network(
            self.sizes, keep_prob=self.keep_prob, dtype=dtype, rng=0, **self.options
        )
        net.theta = self.theta.astype(dtype)
        return net

    def masks(self, seed):
        """(step, rows) -> masks of all layers, from the library's generator; or None."""
        if not self.drops:
            return None
        from fastnn._kernels import dropout_mask

        layers = list(enumerate(zip(self.sizes, self.keep_prob, strict=False)))
        return lambda step, rows: [
            None if p == 1 else dropout_mask(seed, step, layer, rows, units, p)
            for layer, (units, p) in layers
        ]


def float32_values(x):
    return np.asarray(x, dtype="float32").astype("float64")


def draw_targets(rng, output, rows, outputs):
    if output == "softmax":
        return rng.integers(outputs, size=rows)
    if output == "sigmoid":
        return (rng.random((rows, outputs)) < 0.5).astype(float)
    return float32_values(rng.normal(size=(rows, outputs)))


def draw_weights(rng, rows):
    """Sample weights in steps of 1/8; about one in four is 0, never all of them."""
    weights = rng.integers(0, 16, size=rows) / 8 * (rng.random(rows) < 0.8)
    weights[rng.integers(rows)] = 1.5
    return weights


def draw_problem(
    seed,
    sizes,
    rows,
    *,
    activation="tanh",
    output="softmax",
    l2=0.0,
    l1=0.0,
    keep_prob=None,
    weighted=False,
):
    """One random problem, its parameters large enough for every layer to matter, biases too."""
    rng = np.random.default_rng(seed)
    X = float32_values(rng.normal(size=(rows, sizes[0])))
    y = draw_targets(rng, output, rows, sizes[-1])
    weights = draw_weights(rng, rows) if weighted else None
    keep_prob = list(keep_prob or [1.0] * (len(sizes) - 1))
    options = {"activation": activation, "output": output, "l2": l2, "l1": l1}
    problem = Problem(list(sizes), options, keep_prob, None, X, y, weights)
    net = problem.reference()
    theta = rng.normal(size=net.size) * 0.3
    for W, fan_in in zip(net.unpack(theta)[0], sizes, strict=False):
        W *= 1 / 0.3 / np.sqrt(fan_in)
    problem.theta = float32_values(theta)
    return problem


def problem_off_kinks(evaluate, seed, *args, **kwargs):
    """The first random problem with no ReLU input too close to 0, and the result of `evaluate`.

    `evaluate(problem, net)` runs all that the test will compare on the reference network `net`.
    """
    for attempt in range(40):
        problem = draw_problem(seed + 10_000 * attempt, *args, **kwargs)
        net = problem.reference()
        result = evaluate(problem, net)
        if net.kink_distance > KINK_DISTANCE:
            return problem, result
    raise AssertionError(f"no problem off the kinks of ReLU in 40 draws: {args}, {kwargs}")
