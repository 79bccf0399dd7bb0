"""Parameters of any form (a vector, an array, nested dicts and lists of them) as one vector."""

import math
import operator
from collections.abc import Mapping

import numpy as np

from fastnn.gradient_checking.function.adapters import pointer
from fastnn.layers.layout import Layout


class Structure:
    """The form in which a function takes its parameters, and the names of its arrays.

    Parameters
    ----------
    theta : array-like, or a nested dict, list or tuple of them
    layout : Layout or dict of str to shape, optional
        Names of the slices of a theta that is one vector.

    Examples
    --------
    >>> structure = Structure({"W1": np.ones((2, 3)), "b1": np.zeros(3)})
    >>> [(p.name, p.start, p.shape) for p in structure.parameters]
    [('W1', 0, (2, 3)), ('b1', 6, (3,))]
    >>> structure.unpack(structure.pack())["b1"]
    array([0., 0., 0.])
    """

    def __init__(self, theta, layout=None):
        if theta is None:
            raise TypeError("expected theta to be an array, or a dict or list of arrays, got None")
        if not _is_container(theta):
            theta = _as_array(theta, "theta")
        elif _is_plain_vector(theta):
            # The integers of a list [1, 2] mean numbers; an array of integers is an error below.
            theta = np.array(theta)
            theta = theta.astype(np.float64) if theta.dtype.kind == "i" else theta
        self._form = theta
        leaves = []
        _walk(theta, "", leaves)
        arrays = {}
        for path, leaf in leaves:
            name = path or "theta"
            while name in arrays:  # {"a.b": ..., "a": {"b": ...}}
                name += "'"
            arrays[name] = _checked_leaf(leaf, name)
        whole = Layout({name: array.shape for name, array in arrays.items()})
        if whole.size == 0:
            raise ValueError("expected at least one parameter in theta, got none")
        self.size = whole.size
        self.leaves = list(whole.values())
        self.parameters = [parameter for parameter in self.leaves if parameter.size]
        self.vector = np.concatenate([a.astype(np.float64).ravel() for a in arrays.values()])
        bad = np.flatnonzero(~np.isfinite(self.vector))
        if bad.size:
            raise ValueError(
                f"expected theta to be finite, got {self.vector[bad[0]]} in {self.describe(bad[0])}"
            )
        if layout is not None:
            self.parameters = _from_layout(layout, theta, self.size)

    @property
    def shape(self):
        """Shape of the one array that the function takes; None if it takes several."""
        return None if _is_container(self._form) else self._form.shape

    def pack(self):
        """Every parameter in a new vector."""
        return self.vector.copy()

    def unpack(self, vector):
        """The parameters of `vector` in the form that was given; arrays are views on it."""
        leaves = iter(self.leaves)
        return _rebuild(self._form, lambda leaf: _take(vector, next(leaves), leaf))

    def flatten(self, given, what="the gradient"):
        """Another vector of the same form, such as a gradient, as one new float64 vector."""
        if given is None:
            raise TypeError(f"expected {what} as {self.form_in_words()}, got None")
        if _is_container(self._form) and not _is_container(given):
            flat = np.asarray(given)  # one vector over everything
            if flat.shape != (self.size,):
                raise ValueError(f"expected {what} as {self.form_in_words()}, got {_shown(given)}")
            return _as_real(flat, what).astype(np.float64)
        pairs = []
        if _is_container(self._form):
            _pair(self._form, given, "", what, pairs)
        else:
            pairs.append(given)
        vector = np.empty(self.size)
        for parameter, leaf in zip(self.leaves, pairs, strict=True):
            name = what if parameter.name == "theta" else f"{what} of {parameter.name}"
            if leaf is None:
                raise TypeError(
                    f"expected {name} of shape {parameter.shape}, got None: "
                    "J does not depend on it, or its gradient was not computed"
                )
            if (
                isinstance(leaf, tuple)
                and len(leaf) == 2
                and np.ndim(leaf[0]) == 0 < np.ndim(leaf[1])
            ):
                raise TypeError(
                    f"expected {what} alone, got a pair of a number and an array; if this is "
                    "(J, gradient), pass grad=lambda theta: f(theta)[1]"
                )
            array = _as_real(_as_array(leaf, name), name)
            flat_is_fine = not _is_container(self._form) and array.shape == (self.size,)
            if not flat_is_fine and _squeezed(array.shape) != _squeezed(parameter.shape):
                raise ValueError(
                    f"expected {name} of shape {parameter.shape}, got shape {array.shape}"
                )
            spread = _difference_shape(parameter.shape, array.shape)
            if math.prod(spread) > array.size:
                raise ValueError(
                    f"expected {name} of shape {parameter.shape}, got shape {array.shape}: a "
                    f"step theta - learning_rate * gradient would have shape {spread}; sum with "
                    "keepdims=True, or reshape it"
                )
            vector[parameter.slice] = array.ravel()
        return vector

    def describe(self, index):
        """The place of vector[index] in words: "W1[2, 3]"."""
        parameter = next(p for p in self.parameters if p.start <= index < p.start + p.size)
        where = ", ".join(map(str, parameter.position(index)))
        return f"{parameter.name}[{where}]" if where else parameter.name

    def form_in_words(self):
        if not _is_container(self._form):
            return f"an array of shape {self._form.shape}"
        names = ", ".join(p.name for p in self.leaves[:4])
        more = ", ..." if len(self.leaves) > 4 else ""
        return f"a {type(self._form).__name__} like theta ({names}{more})"


def _is_container(theta):
    return isinstance(theta, Mapping | list | tuple)


def _is_plain_vector(theta):
    """Whether a list is one vector or matrix: [1.0, 2.0] is one, [array, 2.0] is not."""
    if isinstance(theta, Mapping) or hasattr(theta, "_fields"):
        return False
    if len(theta) == 0:
        return True
    return all(isinstance(number, int | float | np.number) for number in theta) or (
        all(
            isinstance(row, list | tuple)
            and len(row) == len(theta[0]) > 0
            and all(isinstance(number, int | float) for number in row)
            for row in theta
        )
    )


def _children(node):
    """(key, path, child) of a container."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield key, f".{key}" if isinstance(key, str) else f"[{key!r}]", child
    elif hasattr(node, "_fields"):
        for field in node._fields:
            yield field, f".{field}", getattr(node, field)
    else:
        for i, child in enumerate(node):
            yield i, f"[{i}]", child


def _walk(node, path, leaves):
    if not _is_container(node):
        leaves.append((path, node))
        return
    for _, step, child in _children(node):
        name = path + step if path else step.removeprefix(".")
        _walk(child, f"theta{name}" if name.startswith("[") else name, leaves)


def _rebuild(node, make):
    if not _is_container(node):
        return make(node)
    children = [_rebuild(child, make) for _, _, child in _children(node)]
    if isinstance(node, Mapping):
        return dict(zip(node, children, strict=True))
    if hasattr(node, "_fields"):
        return type(node)(*children)
    return children if isinstance(node, list) else tuple(children)


def _pair(node, given, path, what, pairs):
    """Collect the leaves of `given`, which must have the form of `node`."""
    if not _is_container(node):
        pairs.append(given)
        return
    shown = f" of {path}" if path else ""
    kind = (
        "dict"
        if isinstance(node, Mapping)
        else "list or tuple"
        if _is_container(given) and not isinstance(given, Mapping)
        else type(node).__name__
    )
    if isinstance(node, Mapping) != isinstance(given, Mapping) or not _is_container(given):
        raise TypeError(f"expected {what}{shown} as a {kind} like theta, got {_shown(given)}")
    got = {key: child for key, _, child in _children(given)}
    expected = [key for key, _, _ in _children(node)]
    if isinstance(node, Mapping) and not any(key in got for key in expected):
        got = _named_as_derivatives(got, expected)
    missing = [key for key in expected if key not in got]
    extra = [key for key in got if key not in expected]
    if missing or extra:
        said = [f"no {', '.join(map(repr, missing))}"] if missing else []
        said += [f"an unknown {', '.join(map(repr, extra))}"] if extra else []
        raise ValueError(
            f"expected {what}{shown} with the entries of theta, got {' and '.join(said)}"
        )
    for key, step, child in _children(node):
        _pair(child, got[key], (path + step).removeprefix("."), what, pairs)


def _named_as_derivatives(got, expected):
    """The entries dW1, db1, ... of a gradient as W1, b1, ...; others, such as dZ1, are left out."""
    named = {key: got.get(f"d{key}") for key in expected}
    return got if any(child is None for child in named.values()) else named


def _take(vector, parameter, leaf):
    array = vector[parameter.slice].reshape(parameter.shape)
    # A plain number stays one, so that math.exp(theta["a"]) works.
    if isinstance(leaf, int | float | np.number):
        return array[()]
    return array


def _as_array(leaf, name):
    if pointer(leaf) and hasattr(leaf, "requires_grad"):
        raise TypeError(
            f"expected {name} as NumPy numbers, got a {type(leaf).__name__} of "
            f"PyTorch; {pointer(leaf)}"
        )
    try:
        return np.asarray(leaf)
    except Exception as error:
        error.add_note(f"fastnn.gradcheck could not make an array of {name}")
        raise


def _as_real(array, name):
    if array.dtype.kind not in "fiu":
        raise TypeError(f"expected {name} to be real numbers, got dtype {array.dtype}")
    return array


def _checked_leaf(leaf, name):
    array = _as_array(leaf, name)
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "iub" and array.size:
        raise TypeError(
            f"expected {name} to be floating-point numbers, got dtype {array.dtype}, for which "
            "there is no derivative; convert it with .astype(float), and keep constants in args"
        )
    if array.size:
        raise TypeError(f"expected {name} to be real numbers, got dtype {array.dtype}")
    return array.astype(np.float64)


def _from_layout(layout, theta, size):
    if _is_container(theta) or len(_squeezed(theta.shape)) > 1:
        raise TypeError(
            "expected theta to be one vector, (n,) or (n, 1), where a layout names its slices; the "
            "names of a dict or list of arrays are known without"
        )
    if not isinstance(layout, Layout):
        if not isinstance(layout, Mapping):
            raise TypeError(
                "expected layout to be a fastnn Layout or a dict of names to shapes, "
                f"got {type(layout).__name__}"
            )
        layout = Layout({name: _as_shape(shape, name) for name, shape in layout.items()})
    if layout.size != size:
        raise ValueError(f"expected theta of size {layout.size}, as the layout says, got {size}")
    return [parameter for parameter in layout.values() if parameter.size]


def _as_shape(shape, name):
    try:
        sizes = tuple(
            operator.index(n) for n in (shape if isinstance(shape, list | tuple) else (shape,))
        )
    except TypeError:
        sizes = (-1,)
    if min(sizes, default=0) < 0:
        raise TypeError(
            f"expected the layout to give the shape of {name!r} as a tuple of "
            f"integers, such as (3, 2), got {shape!r}"
        )
    return sizes


def _squeezed(shape):
    return tuple(n for n in shape if n != 1)


def _difference_shape(first, second):
    """The shape of the difference of two arrays; () where NumPy refuses it."""
    try:
        return np.broadcast_shapes(first, second)
    except ValueError:
        return ()


def _shown(given):
    return f"shape {np.shape(given)}" if hasattr(given, "shape") else type(given).__name__
