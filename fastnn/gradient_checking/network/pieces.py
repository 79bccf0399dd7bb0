"""Changes of a network's cost when components of theta move.

The work is set up here and cut into pieces, which cost_changes.py computes on several threads.
"""

import itertools

import numpy as np

from fastnn.engine.workers import run
from fastnn.gradient_checking.network import cost_changes, formulas
from fastnn.layers.activations import ACTIVATIONS

# Multiply-adds in a piece of work, some 50 ms; Ctrl-C is heard between two pieces.
_PIECE = 1 << 27
_MOST_ROWS = 256


def differentiate(problem, indices, steps, threads):
    """Changes of J, without the penalty, when theta[indices[c]] moves by each step.

    Returns them as (len(indices), len(steps)), and the number of kinks that each component met.
    """
    net = _network(problem)
    work, order = _sort(problem, indices)
    changes = np.zeros((indices.size, len(steps)))
    crossed = np.zeros(indices.size, np.int64)
    cost = _multiply_adds(problem.sizes)[work.layer] * len(steps)
    largest = max(int(cost.max(initial=1)), 1)
    at_once = int(min(max(_PIECE // largest, 8), _MOST_ROWS))
    matters = np.flatnonzero(problem.weight)
    for first in range(0, matters.size, at_once):
        rows = matters[first : first + at_once]
        base = _base(problem.rows(rows))
        part = np.empty_like(changes)
        met = np.empty_like(crossed)
        edges = _cut(np.cumsum(cost * rows.size), _PIECE)

        def piece(start, stop, base=base, part=part, met=met):
            cost_changes.cost_changes(net, base, work, start, stop, steps, part, met)

        run(piece, itertools.pairwise(edges), threads)
        changes += part
        crossed += met
    # From the order of the work back to the order of the indices.
    result, kinks = np.empty_like(changes), np.empty_like(crossed)
    result[order], kinks[order] = changes, crossed
    return result, kinks


def _network(problem):
    kinds = [ACTIVATIONS[kind].code for kind in ("identity", *problem.kinds)]
    return cost_changes.Net(
        np.array(problem.sizes),
        np.array(kinds),
        np.array([0, *problem.starts]),
        formulas.OUTPUTS.index(problem.output),
        problem.theta,
    )


def _base(problem):
    A, Z = formulas.propagate(problem)
    L, m = problem.depth, problem.weight.size
    p, q, scale = [], [], []
    for l in range(1, L):
        first, second = formulas.ingredients(problem.kinds[l - 1], Z[l])
        p.append(first)
        q.append(second)
        scale.append(np.ones_like(Z[l]) if problem.masks[l] is None else problem.masks[l])
    first, second = formulas.loss_ingredients(problem.output, Z[L], problem.y)
    softmax = problem.output == "softmax"
    reach = np.maximum([np.abs(a).max(axis=0) for a in A], 1.0)
    p, q = [*p, first], [*q, second]
    scale.append(np.zeros_like(Z[L]) if softmax else problem.y)
    sizes = np.array(problem.sizes)
    A, Z, p, q, scale = (_stacked(arrays) for arrays in (A, Z[1:], p, q, scale))
    return cost_changes.Base(
        A=A,
        A_at=np.cumsum([0, *sizes[: L - 1]]),
        reach=reach,
        at=np.cumsum([0, 0, *sizes[1:L]]),
        z=Z,
        p=p,
        q=q,
        scale=scale,
        label=np.ascontiguousarray(problem.y) if softmax else np.zeros(m, np.int64),
        weight=np.ascontiguousarray(problem.weight),
    )


def _stacked(arrays):
    """The arrays in the one memory layout for which the loops are compiled."""
    return np.ascontiguousarray(np.concatenate(arrays))


def _sort(problem, indices):
    """`Work` for theta[indices], sorted by unit, and the order of sorting."""
    sizes = np.array(problem.sizes)
    layer = np.searchsorted(problem.starts, indices, side="right")
    row, column = np.divmod(indices - np.array(problem.starts)[layer - 1], sizes[layer])
    order = np.lexsort((row, column, layer))  # a bias is row n[l-1] of its W
    return cost_changes.Work(layer[order], row[order], column[order]), order


def _multiply_adds(sizes):
    """Multiply-adds for a row and a step of one component of layer l (0 .. L)."""
    depth, cost = len(sizes) - 1, [0]
    for l in range(1, depth + 1):
        products = [sizes[k] * sizes[k + 1] for k in range(l + 1, depth)]
        cost.append(sum(products) + 4 * sum(sizes[l + 1 : depth]) + 8 * sizes[depth])
    return np.array(cost)


def _cut(done, piece):
    """Edges of pieces of about `piece` multiply-adds."""
    edges = np.searchsorted(done, np.arange(piece, done[-1] if done.size else 0, piece))
    return np.unique([0, *edges, done.size])
