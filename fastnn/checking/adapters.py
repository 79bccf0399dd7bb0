"""What `fastnn.gradcheck` needs of models of other libraries, which are never required."""

import copy


def from_torch(module, loss):
    """(fun, grad, theta) of a PyTorch module, for ``fastnn.gradcheck(*from_torch(...))``.

    The module is copied, in float64 and in evaluation mode (no dropout); it stays as it is.

    Parameters
    ----------
    module : torch.nn.Module
    loss : callable(module) -> scalar tensor
        J of the copy that it is given. Inputs and targets that are floating-point must be
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
    module = copy.deepcopy(module).double().eval()
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    # BatchNorm and its like keep sums; they must not go from one call to the next.
    buffers = {name: b.clone() for name, b in module.named_buffers()}

    def evaluate(theta):
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(torch.as_tensor(theta[name]))
            for name, buffer in module.named_buffers():
                buffer.copy_(buffers[name])
        return loss(module)

    def fun(theta):
        with torch.no_grad():
            return evaluate(theta).item()

    def grad(theta):
        module.zero_grad()
        with torch.enable_grad():
            J = evaluate(theta)
        # A parameter that J does not depend on has the derivative 0.
        gradients = torch.autograd.grad(J, list(parameters.values()), allow_unused=True,
                                        materialize_grads=True)
        return {name: g.numpy(force=True) for name, g in zip(parameters, gradients, strict=True)}

    return fun, grad, {name: p.numpy(force=True).copy() for name, p in parameters.items()}


def from_jax(fun, theta, grad=None):
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
    import numpy as np

    gradient = jax.grad(fun) if grad is None else grad

    def in_float64(function):
        compiled = jax.jit(function)

        def call(theta):
            with jax.enable_x64(True):
                return jax.tree.map(np.asarray, compiled(jax.tree.map(np.asarray, theta)))
        return call

    return in_float64(fun), in_float64(gradient), jax.tree.map(
        lambda leaf: np.asarray(leaf, np.float64), theta)
