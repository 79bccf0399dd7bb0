"""Gradients in the forms of the deep learning course: names, columns, shapes, dropout."""

import numpy as np
import pytest

import fastnn


class Course:
    """A network whose examples are columns: Z[l] = W[l] A[l-1] + b[l], b[l] of shape (n[l], 1)."""

    def __init__(self, keep_prob=(1.0,), forgotten=()):
        rng = np.random.default_rng(0)
        sizes = [4, *(6 for _ in keep_prob), 3]
        self.keep_prob, self.forgotten, self.depth = keep_prob, forgotten, len(sizes) - 1
        self.X, self.Y = rng.normal(size=(4, 20)), rng.normal(size=(3, 20))
        self.masks = [rng.random((6, 20)) < probability for probability in keep_prob]
        self.parameters = {}
        for l in range(1, self.depth + 1):
            self.parameters[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1]))
            self.parameters[f"b{l}"] = rng.normal(size=(sizes[l], 1))

    def forward(self, parameters):
        A, Z = [self.X], [None]
        for l in range(1, self.depth + 1):
            Z.append(parameters[f"W{l}"] @ A[-1] + parameters[f"b{l}"])
            if l < self.depth:
                A.append(np.tanh(Z[-1]) * self.masks[l - 1] / self.keep_prob[l - 1])
        return A, Z

    def cost(self, parameters):
        return ((self.forward(parameters)[1][-1] - self.Y) ** 2).sum() / 40

    def backward(self, parameters):
        """{"dZ2", "dW2", "db2", "dA1", ...}, as the course's backward propagation returns it."""
        A, Z = self.forward(parameters)
        gradients, dZ = {}, (Z[-1] - self.Y) / 20
        for l in range(self.depth, 0, -1):
            gradients[f"dZ{l}"] = dZ
            gradients[f"dW{l}"] = dZ @ A[l - 1].T
            gradients[f"db{l}"] = dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dA = gradients[f"dA{l - 1}"] = parameters[f"W{l}"].T @ dZ * self.masks[l - 2]
                scale = 1.0 if l - 1 in self.forgotten else self.keep_prob[l - 2]
                dZ = dA / scale * (1 - np.tanh(Z[l - 1]) ** 2)
        return gradients

    def check(self):
        return fastnn.gradcheck(self.cost, self.backward, self.parameters)


def test_gradients_may_be_named_with_a_d_and_hold_more():
    assert Course().check().verdict == "correct"
    course = Course()

    def wrong(parameters):
        gradients = course.backward(parameters)
        return gradients | {"dW1": 2 * gradients["dW1"]}

    check = fastnn.gradcheck(course.cost, wrong, course.parameters)
    assert check.findings[0].text.startswith("dW1 is 2.000 times too large everywhere")


def test_a_name_that_is_missing_is_told():
    course = Course()
    gradients = course.backward(course.parameters)
    del gradients["db2"]
    with pytest.raises(ValueError, match="got no 'W1', 'b1', 'W2', 'b2' and an unknown 'dZ2'"):
        fastnn.gradcheck(course.cost, gradients, course.parameters)


def test_a_column_with_a_layout():
    """`dictionary_to_vector` makes a column (n, 1) of all parameters."""
    course = Course()
    layout = {name: array.shape for name, array in course.parameters.items()}

    def column(arrays):
        return np.concatenate([array.reshape(-1, 1) for array in arrays])

    def parameters(theta):
        assert theta.shape == (sum(map(np.prod, layout.values())), 1)
        ends = np.cumsum([np.prod(shape) for shape in layout.values()])[:-1]
        parts = zip(layout.items(), np.split(theta, ends), strict=True)
        return {name: part.reshape(shape) for (name, shape), part in parts}

    def gradient(theta):
        gradients = course.backward(parameters(theta))
        return column([gradients[f"d{name}"] for name in layout])

    def cost(theta):
        return course.cost(parameters(theta))

    theta = column(course.parameters.values())
    check = fastnn.gradcheck(cost, gradient, theta, layout=layout)
    assert check.verdict == "correct"
    assert {name: p.shape for name, p in check.parameters.items()} == layout
    check = fastnn.gradcheck(cost, lambda t: 3 * gradient(t), theta, layout=layout)
    assert check.findings[0].text.startswith("every gradient is 3.000 times too large")
    with pytest.raises(TypeError, match=r"one vector, \(n,\) or \(n, 1\)"):
        fastnn.gradcheck(np.sum, np.ones_like, np.ones((2, 2)), layout={"a": 4})


@pytest.mark.parametrize(
    ("shape", "given"), [((4, 1), (4,)), ((4,), (4, 1)), ((1, 4), (4, 1)), ((4, 1), (1, 4))]
)
def test_a_gradient_whose_step_would_grow_is_refused(shape, given):
    """b - learning_rate * db is (4, 4) for b of (4, 1) and db of (4,)."""
    theta = {"b": np.ones(shape), "W": np.ones((4, 4))}

    def cost(t):
        return (t["b"] ** 2).sum() + (t["W"] ** 2).sum()

    def grad(t):
        return {"b": 2 * t["b"].reshape(given), "W": 2 * t["W"]}

    with pytest.raises(ValueError, match=r"gradient would have shape \(4, 4\); sum with keepdims"):
        fastnn.gradcheck(cost, grad, theta)
    with pytest.raises(ValueError, match=r"gradient would have shape \(4, 4\)"):
        fastnn.gradcheck(lambda b: (b**2).sum(), lambda b: 2 * b.reshape(given), theta["b"])


@pytest.mark.parametrize(("shape", "given"), [((1, 4), (4,)), ((4,), (1, 4)), ((3, 2), (6,))])
def test_other_shapes_of_a_gradient_are_taken(shape, given):
    check = fastnn.gradcheck(lambda b: (b**2).sum(), lambda b: 2 * b.reshape(given), np.ones(shape))
    assert check.verdict == "correct"


@pytest.mark.parametrize(
    ("keep_prob", "forgotten", "words"),
    [
        ((0.8,), (1,), "through layer 1, by the same factor 0.8000: 1/keep_prob"),
        (
            (0.8, 0.8),
            (1, 2),
            "through layer 2, by a factor of 0.8000 in layer 2 and 0.6400 in layer 1: 1/keep_prob",
        ),
        (
            (0.9, 0.5, 0.8),
            (1, 2, 3),
            "by a factor of 0.8000 in layer 3, 0.4000 in layer 2 and 0.3600 in layer 1: 1/keep",
        ),
        (
            (0.9, 0.5, 0.8),
            (1, 3),
            "by a factor of 0.8000 in layer 3, 0.8000 in layer 2 and 0.7200 in layer 1: 1/keep",
        ),
    ],
)
def test_a_forgotten_keep_prob_is_named_over_several_layers(keep_prob, forgotten, words):
    assert Course(keep_prob).check().verdict == "correct"
    check = Course(keep_prob, forgotten).check()
    assert check.verdict == "wrong"
    assert words in check.findings[0].text


@pytest.mark.parametrize("options", [{}, {"epsilon": 1e-7}, {"method": "one-sided"}])
def test_a_correct_gradient_at_an_exact_minimum(options):
    rng = np.random.default_rng(0)
    A, b = rng.normal(size=(30, 5)), rng.normal(size=30)
    theta = np.linalg.lstsq(A, b, rcond=None)[0]

    def cost(t):
        return ((A @ t - b) ** 2).mean()

    def grad(t):
        return 2 * A.T @ (A @ t - b) / 30

    check = fastnn.gradcheck(cost, grad, theta, **options)
    assert check.verdict == "correct"
    assert check.findings == ()
    assert "the gradient is zero here, as at a minimum" in str(check)
    # Where J is so large that its rounding hides every gradient, nothing can be said.
    hidden = fastnn.gradcheck(lambda t: cost(t) + 1e9, grad, theta, **options)
    assert hidden.verdict == "suspect"
    wrong = fastnn.gradcheck(cost, lambda t: grad(t) + 1e-3, theta, **options)
    assert wrong.verdict == "wrong"
