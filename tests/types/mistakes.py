"""Mistakes that a type checker has to see, each on a line of its own; the other lines are right."""

# ruff: noqa: B018
import numpy as np

import fastnn

rng = np.random.default_rng(0)
X, y = rng.standard_normal((20, 3)), rng.integers(0, 2, 20)

net = fastnn.Network([3, 8, 2], activation="tanh", keep_prob=0.9, rng=0)
fastnn.Network("oops")  # wrong
fastnn.Network([3, 8, 2], activatoin="tanh")  # wrong
fastnn.Network([3, 8, 2], activation="rleu")  # wrong
fastnn.Network([3, 8, 2], dtype="float16")  # wrong
fastnn.Network([3, 8, 2], 0.9)  # wrong
fastnn.Netwrok([3, 8, 2])  # wrong

net.l2 = 0.1
net.keep_prob = [1.0, 0.8]
net.L2 = 0.1  # wrong
net.dropout = 0.5  # wrong

history = net.fit(X, y, dev=(X, y), epochs=3, optimizer="adam", early_stopping=2)
net.fti(X, y)  # wrong
net.fit(X, y, epoch=3)  # wrong
net.fit(X, y, epochs="3")  # wrong
net.fit(X, y, optimizer="adma")  # wrong
net.fit(X)  # wrong
net.cost(X)  # wrong
net.score(X)  # wrong
cost: float = history.cost[-1]
history.csot  # wrong
J, dtheta = net.value_and_grad(X, y)
J.shape  # wrong
dtheta.shape

train, dev, test = fastnn.split(X, y, rng=0)
fastnn.split(X, y, size="auto")  # wrong
net.fit(train, dev=dev, epochs=3)
net.fit(train, epoch=3)  # wrong
net.fit(X, y, dev=(X, y, np.ones(20)))
loss: float = net.cost(test) + net.error(test) + net.score(test)
mean, spread = net.sample(X, 10)
mean.shape
d = net.diagnose(train, dev)
d.high_biass  # wrong
print(d.verdict, d.high_bias, d.advice)
fastnn.diagnose("a", 0.1)  # wrong

check = net.gradcheck(X, y)
check.verdikt  # wrong
fastnn.gradcheck(lambda theta: 1.0)  # wrong

result = fastnn.sweep([3, 8, 2], train, dev, {"l2": [0.1, 1]}, n_jobs=1)
result.bset  # wrong
fastnn.sweep([3, 8, 2], train, dev)  # wrong

estimator = fastnn.MLPClassifier(hidden_layer_sizes=(8,), alpha=0.1).fit(X, y)
fastnn.MLPClassifier(hidden_layer=(8,))  # wrong
estimator.predict_prob(X)  # wrong

fastnn.load(3)  # wrong
fastnn.EarlyStopping(patience="ten")  # wrong
fastnn.Adam(beta_1=0.9)  # wrong
fastnn.augment.Images(rotate=10)  # wrong
