"""PyTorch's autograd on a network of fastnn: the judge of its derivatives."""

import numpy as np
import torch
from torch.nn import functional

from fastnn import _kernels

ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
}
OUTPUTS = {
    "softmax": lambda z: torch.softmax(z, dim=1),
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
}


def _quantile(z, y, levels):
    q, r = torch.tensor(levels, dtype=z.dtype), y - z
    return torch.maximum(q * r, (q - 1) * r).sum(dim=1)


def _tweedie(z, y, power):
    return (
        torch.exp((2 - power) * z) / (2 - power) - y * torch.exp((1 - power) * z) / (1 - power)
    ).sum(dim=1)


def _focal(z, y, gamma):
    log_p = torch.log_softmax(z, dim=1).gather(1, y[:, None])[:, 0]
    return -((1 - log_p.exp()) ** gamma) * log_p


# Losses of the rows, functions of the logits z (m, n[L]) and y.
LOSSES = {
    "softmax": lambda z, y: functional.cross_entropy(z, y, reduction="none"),
    "sigmoid": lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(
        dim=1
    ),
    "identity": lambda z, y: ((z - y) ** 2).sum(dim=1) / 2,
    "exp": lambda z, y: functional.poisson_nll_loss(z, y, reduction="none").sum(dim=1),
    "identity_absolute": lambda z, y: (z - y).abs().sum(dim=1),
    "identity_huber": lambda z, y: functional.huber_loss(z, y, reduction="none").sum(dim=1),
    "soft labels": lambda z, y: functional.cross_entropy(z, y, reduction="none"),
    "quantile": lambda z, y: _quantile(z, y, [0.3]),
    "tweedie": lambda z, y: _tweedie(z, y, 1.5),
    "focal": lambda z, y: _focal(z, y, 2.0),
    "hinge": lambda z, y: functional.relu(1 - (2 * y - 1) * z).sum(dim=1),
    "cross_entropy": lambda z, y: 4 * functional.cross_entropy(z / 2, y, reduction="none"),
}


class Twin:
    """A network's forward pass in PyTorch, with its dropout masks.

    Parameters
    ----------
    net : Network
    dropout : None or (seed, step)
    dtype : str
        Of the arithmetic.
    """

    def __init__(self, net, dropout=None, dtype="float64"):
        self.net, self.dropout, self.dtype = net, dropout, getattr(torch, dtype)
        self.theta = torch.tensor(net.theta, dtype=self.dtype, requires_grad=True)

    def logits(self, X):
        """Z[L] of X, which is a tensor."""
        net, A = self.net, self._drop(X, 0)
        for l in range(1, len(net.layer_sizes)):
            W, b = (
                self.theta[part.slice].reshape(part.shape)
                for part in (net.layout[f"W{l}"], net.layout[f"b{l}"])
            )
            Z = A @ W + b
            if l < len(net.layer_sizes) - 1:
                A = self._drop(ACTIVATIONS[net.activation[l - 1]](Z), l)
        return Z

    def _drop(self, A, l):
        keep_prob = self.net.keep_prob[l]
        if self.dropout is None or keep_prob == 1:
            return A
        mask = _kernels.dropout_mask(*self.dropout, l, *A.shape, keep_prob)
        return A * torch.tensor(np.asarray(mask), dtype=A.dtype) / keep_prob

    def differentiate(self, X, y, loss):
        """J, dJ/dtheta and dJ/dX of a loss's mean; without a loss, J is the sum of A[L] times y."""
        X = torch.tensor(X, dtype=self.dtype, requires_grad=True)
        y = torch.tensor(y, dtype=torch.int64 if y.dtype.kind == "i" else self.dtype)
        Z = self.logits(X)
        if loss is None:
            J = (OUTPUTS.get(self.net.output, lambda z: z)(Z) * y).sum()
        else:
            J = LOSSES[loss](Z, y).mean()
        dtheta, dX = torch.autograd.grad(J, (self.theta, X))
        return J.item(), dtheta.numpy(), dX.numpy()


def clipped(gradient, norm=None, value=None):
    """A gradient after clip_grad_norm_ or clip_grad_value_."""
    parameter = torch.zeros(gradient.size, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    if norm is not None:
        torch.nn.utils.clip_grad_norm_(parameter, norm)
    else:
        torch.nn.utils.clip_grad_value_(parameter, value)
    return parameter.grad.numpy()
