"""Models of PyTorch and functions of JAX as arguments of `fastnn.gradcheck`.

Neither library is required.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
# fun, grad and theta.
Arguments = tuple[Callable[..., Any], Callable[..., Any], Any]


def from_torch(module: Any, loss: Callable[[Any], Any]) -> Arguments:
    """(fun, grad, theta) of a PyTorch module, for ``fastnn.gradcheck(*from_torch(...))``.

    The module is copied, in float64 and in evaluation mode (no dropout); it stays as it is.

    Parameters
    ----------
    module : torch.nn.Module
    loss : callable(module) -> scalar tensor
        The cost J of the copy, which is its argument. Floating-point inputs and targets must be
        float64, as the copy is.

    Examples
    --------
    ::

        loss = lambda module: torch.nn.functional.mse_loss(module(X.double()), y.double())
        print(fastnn.gradcheck(*fastnn.gradcheck.from_torch(module, loss)))
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"expected a torch.nn.Module, got {type(module).__name__}")
    if not callable(loss):
        raise TypeError(
            "expected loss to be a function of the module, such as lambda module: "
            f"criterion(module(X), y), got {type(loss).__name__}"
        )
    module = copy.deepcopy(module).double().eval()
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(
            "expected a module with parameters to check, but none has "
            "requires_grad; set it with module.requires_grad_(True)"
        )
    independent = (
        "expected loss to depend on the parameters of the module it is given; look for "
        ".detach(), torch.no_grad() and the name of another module"
    )
    # BatchNorm and others keep sums, which must not carry over to the next call.
    buffers = {name: b.clone() for name, b in module.named_buffers()}

    def evaluate(theta):
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(torch.as_tensor(theta[name]))
            for name, buffer in module.named_buffers():
                buffer.copy_(buffers[name])
        try:
            J = loss(module)
        except RuntimeError as error:
            if "dtype" in str(error) or "scalar type" in str(error):
                error.add_note(
                    "fastnn.gradcheck.from_torch checks the module in float64: give it "
                    "X.double(), and floating-point targets likewise"
                )
            raise
        if not isinstance(J, torch.Tensor):
            raise TypeError(
                "expected loss to return a tensor that PyTorch can differentiate, got "
                f"{type(J).__name__}; leave out .item(), float() and .numpy()"
            )
        if J.numel() != 1:
            raise ValueError(
                f"expected loss to return one number, got shape {tuple(J.shape)}; "
                "take its .mean() or .sum()"
            )
        return J

    def fun(theta):
        with torch.no_grad():
            return evaluate(theta).item()

    def grad(theta):
        module.zero_grad()
        with torch.enable_grad():
            J = evaluate(theta)
        if not J.requires_grad:
            raise ValueError(independent)
        J = J.reshape(())
        gradients = torch.autograd.grad(J, list(parameters.values()), allow_unused=True)
        if all(g is None for g in gradients):
            raise ValueError(independent)
        # A parameter that J does not depend on has the derivative 0.
        return {
            name: torch.zeros_like(p).numpy() if g is None else g.numpy(force=True)
            for (name, p), g in zip(parameters.items(), gradients, strict=True)
        }

    return fun, grad, {name: p.numpy(force=True).copy() for name, p in parameters.items()}


def pointer(value):
    """Advice for an array of another library; "" where it is none."""
    root = type(value).__module__.partition(".")[0]
    if root == "torch" or (root == "parameter" and hasattr(value, "requires_grad")):
        return (
            "check a PyTorch module with fastnn.gradcheck(*fastnn.gradcheck.from_torch("
            "module, loss)), or convert with .numpy(force=True)"
        )
    if root in ("jax", "jaxlib"):
        return "check a JAX function with fastnn.gradcheck(*fastnn.gradcheck.from_jax(fun, theta))"
    return ""


def hint_at_adapter(error):
    """Add a note to an error that a function raised because it was given NumPy arrays."""
    text = str(error)
    if "Tensor" in text and ("numpy" in text or "ndarray" in text):
        error.add_note(
            "fun and grad get NumPy arrays; check a PyTorch module with "
            "fastnn.gradcheck(*fastnn.gradcheck.from_torch(module, loss))"
        )
    elif "'numpy.ndarray' object has no attribute 'at'" in text:
        error.add_note(
            "fun and grad get NumPy arrays; check a JAX function with "
            "fastnn.gradcheck(*fastnn.gradcheck.from_jax(fun, theta))"
        )


def from_jax(
    fun: Callable[[Any], Any], theta: Any, grad: Callable[[Any], Any] | None = None
) -> Arguments:
    """(fun, grad, theta) of a JAX function, for ``fastnn.gradcheck(*from_jax(...))``.

    Both run in float64, whatever `jax_enable_x64` says.

    Parameters
    ----------
    fun : callable(theta) -> scalar
    theta : array, or a nested dict, list or tuple of them
    grad : callable(theta), optional
        None: ``jax.grad(fun)``, which checks custom derivative rules.

    Examples
    --------
    ::

        print(fastnn.gradcheck(*fastnn.gradcheck.from_jax(loss, params)))
    """
    import jax

    if not callable(fun):
        raise TypeError(f"expected fun to be a function of theta, got {type(fun).__name__}")
    gradient = jax.grad(fun) if grad is None else grad

    def in_float64(function):
        compiled = jax.jit(function)

        def call(theta):
            with jax.enable_x64(True):
                return jax.tree.map(np.asarray, compiled(jax.tree.map(np.asarray, theta)))

        return call

    return (
        in_float64(fun),
        in_float64(gradient),
        jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), theta),
    )


class WithAdapters(Protocol[P, R]):
    """A function that also has the two adapters, for type checkers."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    from_torch: Callable[[Any, Callable[[Any], Any]], Arguments]
    from_jax: Callable[..., Arguments]


def with_adapters(function: Callable[P, R]) -> WithAdapters[P, R]:
    """The same function with `from_torch` and `from_jax` as attributes."""
    function.from_torch, function.from_jax = from_torch, from_jax  # type: ignore[attr-defined]
    return cast(WithAdapters[P, R], function)
