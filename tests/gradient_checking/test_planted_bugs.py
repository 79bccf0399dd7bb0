"""A thousand random networks, each with every bug that its shape allows: all found, all located,
and no alarm without one."""

from collections import Counter

import numpy as np
import pytest
from problems import ACTIVATIONS, OUTPUTS, draw_problem
from reference import ACTIVATIONS as FORMULAS
from reference import OUTPUTS as LOSSES

from fastnn.gradient_checking.result.gradient_check import GradientCheck

NETWORKS = 1000
# bug -> patterns that may be named for it; a fault in a layer leaves traces in all layers below
BUGS = {
    "factor": {"factor"},
    "component": {"component"},
    "penalty": {"penalty", "component"},
    "keep_prob": {"layer", "factor", "all", "biases"},
    "transposed": {"transposed"},
    "sign of db": {"sign", "biases", "component"},
    "off by one": {"components", "other", "row", "column", "stretch", "subset", "component"},
}


def draw(rng):
    """A random problem. Hidden layers often have one width, so that arrays can be confused."""
    depth = int(rng.integers(1, 6))
    sizes = [int(n) for n in rng.integers(2, 12, depth + 1)]
    if rng.random() < 0.6:
        sizes[1:-1] = [sizes[1]] * (depth - 1)
    return draw_problem(
        int(rng.integers(1 << 30)),
        sizes,
        int(rng.integers(3, 40)),
        output=str(rng.choice(OUTPUTS)),
        activation=[str(name) for name in rng.choice(ACTIVATIONS, depth - 1)],
        l2=[float(v) for v in rng.choice([0, 0.1, 1], depth)],
        l1=[float(v) for v in rng.choice([0, 0.1], depth)],
        keep_prob=[float(v) for v in rng.choice([1, 0.9, 0.6], depth)],
        weighted=bool(rng.random() < 0.3),
    )


def backprop(problem, masks, bug=None, at=None, rng=None):
    """dtheta of J by hand, with the bug at layer `at` (from 1)."""
    net = problem.reference()
    inputs, Z = net._propagate(problem.theta, problem.X, masks)
    y = problem.y if net.output == "softmax" else problem.y.reshape(len(problem.X), -1)
    w = np.ones(len(problem.X)) if problem.sample_weight is None else problem.sample_weight
    dZ = LOSSES[net.output][1](Z[-1], y)[1] * (w / w.sum())[:, None]
    gradient = np.empty(net.size)
    dW, db = net.unpack(gradient)
    W, _ = net.unpack(problem.theta)
    for l in range(net.depth, 0, -1):
        i = l - 1
        below = inputs[i - 1] if bug == "off by one" and l == at else inputs[i]
        if bug == "transposed" and l == at:
            dW[i][:] = (dZ.T @ below).reshape(dW[i].shape)
        else:
            dW[i][:] = below.T @ dZ
        db[i][:] = dZ.sum(axis=0) * (-1 if bug == "sign of db" and l == at else 1)
        if l > 1:
            dA = dZ @ W[i].T
            if masks is not None and masks[i] is not None:
                dA = dA * masks[i] / (1 if bug == "keep_prob" and l == at else net.keep_prob[i])
            dZ = dA * FORMULAS[net.activation[i - 1]][1](Z[i - 1])
    for i, part in enumerate(net.slices[::2]):
        if not (bug == "penalty" and i == at - 1):
            theta = problem.theta[part]
            gradient[part] += (net.l2[i] * theta + net.l1[i] * np.sign(theta)) / len(problem.X)
    if bug == "factor":
        gradient[net.slices[int(rng.integers(len(net.slices)))]] *= 1.0005
    if bug == "component":
        gradient[int(rng.integers(net.size))] *= 1.01
    return gradient


def places(bug, net, masks):
    """Layers where the bug can be."""
    layers = range(1, net.depth + 1)
    if bug == "penalty":
        return [l for l in layers if net.l2[l - 1] or net.l1[l - 1]]
    if bug == "keep_prob":
        return [l for l in layers if l > 1 and masks is not None and masks[l - 1] is not None]
    if bug == "off by one":
        return [l for l in layers if l > 1 and net.sizes[l - 1] == net.sizes[l - 2]]
    return list(layers)


@pytest.mark.slow
def test_planted_bugs_are_found_and_located():
    rng = np.random.default_rng(11)
    planted, named = Counter(), Counter()
    for n in range(NETWORKS):
        problem = draw(rng)
        net = problem.network("float64")
        masks = problem.masks(5)(n, len(problem.X)) if problem.drops else None
        check = net.gradcheck(
            problem.X,
            problem.y,
            sample_weight=problem.sample_weight,
            dropout=(5, n) if problem.drops else False,
            threads=1,
        )
        assert check.verdict == "correct", check
        assert check.difference < 1e-7
        right = backprop(problem, masks)
        for bug, patterns in BUGS.items():
            at = places(bug, problem.reference(), masks)
            if not at:
                continue
            delta = backprop(problem, masks, bug, int(rng.choice(at)), rng) - right
            changed = check.compared & (np.abs(delta) > 3 * check.uncertainty)
            expected = {p.name for p in check.blocks if changed[p.slice].any()}
            if not expected:  # a gradient of 0 is the same times anything
                continue
            found = GradientCheck(
                check.theta,
                check.analytic + delta,
                check.numeric,
                check.uncertainty,
                check.blocks,
                excluded=check.excluded,
                epsilon=check.epsilon,
                method=check.method,
                dtype=check.dtype,
                penalties=check.penalties,
                evaluations=0,
                seconds=0.0,
            )
            assert found.verdict != "correct", bug
            located = {name for finding in found.findings for name in finding.names}
            assert located == expected, (bug, found)
            planted[bug] += 1
            named[bug] += all(finding.pattern in patterns for finding in found.findings)
    assert planted["factor"] > 0.95 * NETWORKS
    assert min(planted[bug] for bug in BUGS) > 100, planted
    for bug in BUGS:
        assert named[bug] >= 0.97 * planted[bug], (bug, planted, named)


def test_backprop_without_bug_is_the_references():
    rng = np.random.default_rng(0)
    for _ in range(20):
        problem = draw(rng)
        masks = problem.masks(5)(1, len(problem.X)) if problem.drops else None
        exact = problem.reference().value_and_grad(
            problem.theta, problem.X, problem.y, problem.sample_weight, masks
        )[1]
        np.testing.assert_allclose(backprop(problem, masks), exact, rtol=1e-12, atol=1e-15)
