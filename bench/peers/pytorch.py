"""PyTorch: `nn.Sequential` and fused Adam, eager and compiled, on one thread."""

from itertools import pairwise

import torch
from torch import nn

from bench.cases import LEARNING_RATE
from bench.measure import Contender, calls

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
# Each gains some 5 to 10 % here: eager's random numbers for dropout, calls without Python.
FASTEST = {"fallback_random": True, "cpp_wrapper": True}

torch.set_num_threads(1)


def trainer(task, name="PyTorch", *, compiled=False):
    """Epochs of the usual training loop. Compiled: forward, loss and backward."""
    torch.manual_seed(0)
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
    model = _sequential(task.layer_sizes, task.activation, task.keep_prob)
    model.train()
    loss = nn.CrossEntropyLoss() if task.output == "softmax" else nn.MSELoss()
    adam = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def forward(X, y):
        return loss(model(X), y)

    if compiled:
        forward = torch.compile(forward, options=FASTEST)

    def step(X, y):
        adam.zero_grad(set_to_none=True)
        forward(X, y).backward()
        adam.step()

    def run(epochs):
        for _ in range(epochs):
            if task.batch_size is None:
                step(X, y)
                continue
            # index_select is a little faster than X[rows].
            for rows in torch.randperm(len(X)).split(task.batch_size):
                step(X.index_select(0, rows), y.index_select(0, rows))

    return Contender(name, run, task.steps)


def predictor(net, X):
    """Outputs of a fastnn network without dropout, under `inference_mode`."""
    model = _sequential(net.layer_sizes, net.activation[0])
    model.append(nn.Softmax(dim=1))
    model.eval()
    linear = [module for module in model if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for l, layer in enumerate(linear, start=1):
            layer.weight.copy_(torch.from_numpy(net.params[f"W{l}"].T.copy()))
            layer.bias.copy_(torch.from_numpy(net.params[f"b{l}"].copy()))
    X = torch.from_numpy(X)

    def predict():
        with torch.inference_mode():
            return model(X)

    return predict


def loops(net, X, y):
    """A step by cross-entropy, one by a loss written in tensors, and a gradient, of one batch."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    model = _sequential(net.layer_sizes, net.activation[0])
    cross_entropy = nn.CrossEntropyLoss()
    target = nn.functional.one_hot(y, net.layer_sizes[-1]).float()
    adam = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def gradient():
        adam.zero_grad(set_to_none=True)
        cross_entropy(model(X), y).backward()

    def step():
        gradient()
        adam.step()

    def own_loss():
        adam.zero_grad(set_to_none=True)
        A = torch.softmax(model(X), dim=1)
        (((A - target) ** 2).sum() / len(X)).backward()
        adam.step()

    return [
        Contender("PyTorch, trainer.step", calls(step)),
        Contender("PyTorch, own loss", calls(own_loss)),
        Contender("PyTorch, value_and_grad", calls(gradient)),
    ]


def _sequential(layer_sizes, activation, keep_prob=1.0):
    model = nn.Sequential()
    for n_in, n_out in pairwise(layer_sizes[:-1]):
        model.append(nn.Linear(n_in, n_out))
        model.append(ACTIVATIONS[activation]())
        if keep_prob < 1:
            model.append(nn.Dropout(1 - keep_prob))
    return model.append(nn.Linear(*layer_sizes[-2:]))
