"""Networks from and to PyTorch: an `nn.Sequential` of Linear, activations and Dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fastnn.arguments import boolean, lookup
from fastnn.engine.examples import current_normalizer
from fastnn.export.networks import check_finite, network_of
from fastnn.layers.activations import ACTIVATIONS
from fastnn.network import Network

if TYPE_CHECKING:
    from torch import nn

_OUTPUTS = {"softmax": "Softmax", "sigmoid": "Sigmoid", "identity": "Identity"}
_EXPECTED = (
    "expected an nn.Sequential of Linear layers, each but the last followed by at most one "
    "activation and then at most one Dropout"
)


def from_torch(
    module: nn.Sequential, output: Literal["softmax", "sigmoid", "identity"] | None = None
) -> Network:
    """The network of a PyTorch `nn.Sequential`.

    Parameters
    ----------
    module : torch.nn.Sequential
        Its parts are Linear, activations that a Network has, and Dropout before the first Linear
        or after an activation. Nested sequences are fine. So is a Flatten at the start, because
        rows of X are flat. A Linear without bias gets one of 0.
    output : {"softmax", "sigmoid", "identity"}, optional
        The output activation of a module that ends in logits. None: the module's last part,
        Softmax, Sigmoid or none of them.

    Returns
    -------
    Network
        With its own copy of the parameters; `forward` gives the same as the module in evaluation
        mode, except for rounding.

    Raises
    ------
    TypeError, ValueError
        The module is not as above; the message says which part of it.

    Examples
    --------
    >>> import fastnn
    >>> from torch import nn   # doctest: +SKIP
    >>> module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))   # doctest: +SKIP
    >>> fastnn.from_torch(module, output="softmax").keep_prob   # doctest: +SKIP
    (1.0, 0.8)
    """  # noqa: E501
    nn = _import_torch().nn
    parts = list(_parts(module, nn))
    linears, activations, keep_prob, found = _read_sequence(parts, nn)
    if output is None:
        output = found or "identity"
    elif found not in (None, output):
        raise ValueError(
            f"the module ends in {_OUTPUTS[found]}, got output={output!r}; leave it "
            "out, or drop the last part of the module"
        )
    sizes = [linears[0].in_features, *(linear.out_features for linear in linears)]
    for l in range(1, len(linears)):
        if linears[l].in_features != sizes[l]:
            raise ValueError(
                f"Linear {l + 1} takes {linears[l].in_features} features, expected "
                f"the {sizes[l]} that the one before it gives"
            )
    if any(linear.weight.is_meta for linear in linears):
        raise ValueError(
            "expected parameters that have values, got some on device 'meta'; load them first"
        )
    weights = [linear.weight.detach().cpu() for linear in linears]
    dtypes = {str(weight.dtype).removeprefix("torch.") for weight in weights}
    if len(dtypes) > 1 or not dtypes <= {"float32", "float64"}:
        raise ValueError(
            f"expected parameters in float32 or float64, got {sorted(dtypes)}; "
            "convert them with module.float()"
        )
    net = Network(
        sizes,
        activation=activations,
        output=output,
        keep_prob=keep_prob,
        dtype=dtypes.pop(),
        init="zeros",
    )
    for l, (linear, weight) in enumerate(zip(linears, weights, strict=True), start=1):
        net.params[f"W{l}"][...] = weight.numpy().T
        if linear.bias is not None:
            net.params[f"b{l}"][...] = linear.bias.detach().cpu().numpy()
    check_finite(net)
    return net


def to_torch(net: Network | Any, *, logits: bool = False) -> nn.Sequential:
    """A PyTorch `nn.Sequential` that computes the same as the network (needs torch).

    Parameters
    ----------
    net : Network, or an estimator that has one as its `network_`
        A normalizer becomes part of the first Linear. Where mu is much larger than sigma, that
        loses digits: convert a network without a normalizer then, and normalize X before.
    logits : bool, default False
        Leave out the final Softmax or Sigmoid, for PyTorch's losses from logits.

    Returns
    -------
    torch.nn.Sequential
        With its own copy of the parameters, in evaluation mode; ``.train()`` turns dropout on.

    Raises
    ------
    ValueError
        The network has a normalizer and dropout of the input (PyTorch would drop the raw
        features), or an output of e^z without `logits`; or the classifier has a single class.
    sklearn.exceptions.NotFittedError
        The estimator is not fitted, or the network waits for `fit` to take its normalizer.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.to_torch(fastnn.Network([4, 8, 3], rng=0))   # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=3, bias=True)
      (3): Softmax(dim=1)
    )
    """
    torch = _import_torch()
    nn, logits = torch.nn, boolean(logits, "logits")
    net = network_of(net)
    if net.output == "exp" and not logits:
        raise ValueError(
            "PyTorch has no part for e^z, got output='exp'; convert with logits=True, "
            "and take the exponential of what the module gives"
        )
    parts, last = [], len(net.layer_sizes) - 1
    for l in range(last):
        if net.keep_prob[l] < 1:
            parts.append(nn.Dropout(1 - net.keep_prob[l]))
        W, b = _linear_of(net, l + 1)
        # skip_init draws no initial values from torch's generator.
        linear = nn.utils.skip_init(nn.Linear, *W.shape, dtype=getattr(torch, net.dtype.name))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(np.ascontiguousarray(W.T)))
            linear.bias.copy_(torch.from_numpy(b))
        parts.append(linear)
        if l + 1 < last:
            entry = ACTIVATIONS[net.activation[l]]
            parts.append(getattr(nn, entry.torch)(**entry.torch_settings))
    if not logits and not net.output.startswith("identity"):
        settings = {"dim": 1} if net.output == "softmax" else {}
        parts.append(getattr(nn, lookup(_OUTPUTS, net.output, "output"))(**settings))
    return nn.Sequential(*parts).eval()


def _import_torch():
    try:
        import torch
    except ImportError as error:
        raise ImportError("this needs PyTorch: pip install torch") from error
    return torch


def _linear_of(net, l):
    """W[l] and b[l]; a normalizer joins the first: (x - mu) s W + b = x (s W) + (b - mu s W)."""
    W, b = net.params[f"W{l}"].copy(), net.params[f"b{l}"].copy()
    normalizer = current_normalizer(net)
    if l > 1 or normalizer is None:
        return W, b
    if net.keep_prob[0] < 1:
        raise ValueError(
            f"expected no dropout of a normalized input, got keep_prob[0]={net.keep_prob[0]}: "
            "PyTorch would drop features to 0, not to their mean; set net.keep_prob"
        )
    scaled = normalizer.scale[:, None] * W.astype(np.float64)
    return scaled.astype(net.dtype), (b - normalizer.mean_ @ scaled).astype(net.dtype)


def _parts(module, nn):
    """The parts of a sequence and of those within it, in order."""
    # A subclass of Sequential may compute anything.
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        raise TypeError(f"{_EXPECTED}; got {type(module).__name__}")
    _check_hooks(module)
    for part in module:
        if isinstance(part, nn.Sequential):
            yield from _parts(part, nn)
            continue
        if isinstance(part, nn.LazyLinear):  # it becomes a Linear with its first batch
            raise ValueError(
                f"expected Linear layers that know their features, got {part}; run "
                "the module on a batch first"
            )
        _check_hooks(part)
        yield part


def _check_hooks(module):
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(
            f"expected parts without hooks, got some on {module}: they change what "
            "the module computes; remove them"
        )


def _read_sequence(parts, nn):
    """Linear layers, names of the activations between, keep_prob, and the output or None."""
    linears, activations, keep_prob = [], [], [1.0]
    stage = "input"  # or the last part that mattered: "linear", "activation", "dropout"
    for at, part in enumerate(parts):
        if type(part) is nn.Linear:
            if stage == "linear":
                activations.append("identity")
            linears.append(part)
            keep_prob.append(1.0)
            stage = "linear"
        elif type(part) is nn.Dropout:
            if stage not in ("input", "activation"):
                raise ValueError(
                    f"{_EXPECTED}; got a Dropout as part {at}, which does not come "
                    "after an activation"
                )
            if not part.p < 1:
                raise ValueError(
                    f"expected Dropout of p < 1, got {part} as part {at}, which drops everything"
                )
            keep_prob[-1], stage = 1 - part.p, "dropout"
        elif not linears and _leaves_rows(part, nn):
            continue
        elif linears and stage == "linear" and at < len(parts) - 1:
            activations.append(_activation_name(part, at, nn))
            stage = "activation"
        elif linears and stage == "linear":
            return linears, activations, keep_prob[:-1], _output_name(part, at, nn)
        else:
            raise ValueError(f"{_EXPECTED}; got {part} as part {at}")
    if not linears or stage != "linear":
        raise ValueError(f"{_EXPECTED}; got one that ends in {parts[-1] if parts else 'nothing'}")
    return linears, activations, keep_prob[:-1], None


def _leaves_rows(part, nn):
    """Whether a part leaves X as it is: the rows of X are flat."""
    return type(part) is nn.Identity or (
        type(part) is nn.Flatten and (part.start_dim, part.end_dim) == (1, -1)
    )


def _activation_name(part, at, nn):
    for name, entry in ACTIVATIONS.items():
        settings = dict(entry.torch_settings)
        if type(part) is getattr(nn, entry.torch):
            other = {
                key: getattr(part, key)
                for key, value in settings.items()
                if getattr(part, key) != value
            }
            if other:
                raise ValueError(
                    f"expected {entry.torch} with {settings}, got {other} in part {at}"
                )
            return name
    known = ", ".join(entry.torch for entry in ACTIVATIONS.values())
    raise ValueError(f"{_EXPECTED}; got {part} as part {at}; known activations: {known}")


def _output_name(part, at, nn):
    for name, torch_name in _OUTPUTS.items():
        if type(part) is getattr(nn, torch_name) and getattr(part, "dim", None) in (None, 1, -1):
            return name
    raise ValueError(
        f"expected the last part to be a Linear, {', '.join(_OUTPUTS.values())}, got "
        f"{part} as part {at}"
    )
