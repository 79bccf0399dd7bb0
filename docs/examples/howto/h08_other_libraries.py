"""
Out of scikit-learn, PyTorch and Keras, and back
================================================

A network that was trained elsewhere can be diagnosed, checked and served by fastnn, and one of
fastnn goes the other way."""

# %%
# scikit-learn
# ------------
#
# A fitted `MLPClassifier` becomes a `fastnn.Network` with the same outputs.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
theirs = MLPClassifier((32,), max_iter=60, tol=0.01, random_state=0)
theirs.fit(train.X, train.y)
net = fastnn.from_sklearn(theirs)
print(np.abs(net.forward(dev.X) - theirs.predict_proba(dev.X)).max())
print(net.diagnose(train, dev).verdict)

# %%
# Or only change the import. `fastnn.MLPClassifier` takes the same arguments, gives the same results
# with the same seed, is faster, and has dropout, a validation set and a diagnosis.

ours = fastnn.MLPClassifier((32,), max_iter=60, tol=0.01, random_state=0).fit(train.X, train.y)
print(f"same coefficients: {np.allclose(ours.coefs_[0], theirs.coefs_[0], atol=1e-6)}")

# %%
# PyTorch
# -------
#
# `fastnn.to_torch` and `fastnn.from_torch` translate to and from ``nn.Sequential``, dropout
# included. The block runs where PyTorch is installed, and says so if it is not.

import importlib.util

if importlib.util.find_spec("torch"):
    import torch

    module = fastnn.to_torch(net, logits=True)
    print(module)
    again = fastnn.from_torch(module, output="softmax")
    print(np.abs(again.forward(dev.X) - net.forward(dev.X)).max())
    with torch.no_grad():
        print(module(torch.tensor(dev.X[:1], dtype=torch.float64)).shape)
else:
    print("PyTorch is not installed where this page was built: the block did nothing.")

# %%
# Without PyTorch at hand, its weights are arrays: ``Linear.weight`` is (out, in), the transpose of
# ``W``.
#
# Keras
# -----
#
# ``model.get_weights()`` is a list W1, b1, W2, b2, ... whose shapes are those of fastnn. So going
# from Keras is a loop, and ``model.set_weights`` takes the other way. Here is such a list, as Keras
# would give it:

keras_weights = [array.copy() for array in net.params.values()]

net = fastnn.Network([64, 32, 10], dtype="float64")
for target, weights in zip(net.params.values(), keras_weights, strict=True):
    target[...] = weights
print([array.shape for array in net.params.values()])

# %%
# JAX
# ---
#
# A pytree of arrays is a dict of views, and its gradients can be checked:

if importlib.util.find_spec("jax"):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(params):
        return jnp.mean(jnp.tanh(dev.X[:8] @ params["W"] + params["b"]) ** 2)

    params = {"W": 0.1 * np.random.default_rng(0).standard_normal((64, 3)), "b": np.zeros(3)}
    print(fastnn.gradcheck(*fastnn.gradcheck.from_jax(loss, params)))
else:
    print("JAX is not installed where this page was built: the block did nothing.")
