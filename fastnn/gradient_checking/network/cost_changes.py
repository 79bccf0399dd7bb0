"""Differences J(theta + step e_i) - J(theta) of a network's cost, compiled by Numba.

1. Moving a weight W[l][i, j] by `step` changes only unit j of layer l, by step A[l-1][:, i]. The
   change of Z[l+1] has rank one, and only the layers above l need to be computed.
2. The change itself goes up, never the changed value: d -> g(z + d) - g(z) by formulas in which
   nothing cancels. The difference of two rounded costs would lose the digits that epsilon takes
   away; this is good to some 15 digits for any epsilon.
3. All components of one unit share the layers above it. These are gathered once, for the rows on
   which the unit can change. Several steps go side by side, (units, steps, rows), so that the
   innermost loops are long and contiguous.
4. Where no unit of a piecewise linear net can reach its kink, the change of the logits is the step
   times a response that all components of the unit share. This is verified for each component.
   Otherwise, and for all other activations, every layer is computed.
5. The result of one component does not depend on the others: its bits are the same however the
   work is divided among threads.

All of it is in one file, because Numba's cache on disk notices only changes of the file with the
function that is called.

Kinks: a unit of relu or leaky_relu is counted when it changes sides, or leaves 0. (elu has no kink:
its slope is continuous, only its curvature jumps.)
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

# Codes of layers/activations.py, and places in formulas.OUTPUTS; constants of this file, as Numba's
# cache would not notice a change in another.
_IDENTITY, _RELU, _LEAKY, _ELU, _GELU, _SILU, _TANH, _SIGMOID, _SOFTPLUS = range(9)
_SOFTMAX, _BINARY, _SQUARED = range(3)
_LEAK = 0.01

# The series below are exact in float64 up to this |d|.
_NEAR = 2.0**-12


class Net(NamedTuple):
    """A network for compiled code; layers 1 .. L, each array with an entry for layer 0 too."""

    sizes: np.ndarray  # (L + 1,)
    kinds: np.ndarray  # (L + 1,)  codes of activations
    starts: np.ndarray  # (L + 1,)  of W[l] in theta
    output: int  # index into formulas.OUTPUTS
    theta: np.ndarray  # (N,)


class Base(NamedTuple):
    """The unchanged pass; m rows, H = n[1] + ... + n[L] units."""

    A: np.ndarray  # (n[0] + ... + n[L-1], m)  after dropout
    A_at: np.ndarray  # (L,)      first unit of layer l in A
    reach: np.ndarray  # (L, m)    largest of 1 and |A| in layer l
    at: np.ndarray  # (L + 1,)  first unit of layer l in the following
    z: np.ndarray  # (H, m)
    p: np.ndarray  # (H, m)    formulas.ingredients
    q: np.ndarray  # (H, m)
    scale: np.ndarray  # (H, m)    dropout of a hidden unit; targets of an output
    label: np.ndarray  # (m,)
    weight: np.ndarray  # (m,)


class Work(NamedTuple):
    """The components to move: the weight from `row` to unit `column` of `layer`.

    row = n[l-1] is the bias of the unit. Components of one unit stand side by side.
    """

    layer: np.ndarray  # (count,)
    row: np.ndarray  # (count,)
    column: np.ndarray  # (count,)


def jit(function):
    """Compiled on first use, kept on disk where there is a place for it; NaN stays NaN."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that a cache can be written to
        return njit(**options)(function)


@jit
def _expm1(x):
    # (e^x - 1) for |x| <= 2 _NEAR
    return x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720))))))


@jit
def _log1p(x):
    # log(1 + x) for |x| <= 4 _NEAR
    return x * (1 - x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6))))))


@jit
def _sigmoid(z):
    e = math.exp(-abs(z))
    return 1 / (1 + e) if z > 0 else e / (1 + e)


@jit
def _softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@jit
def _normal_cdf_change(z, d):
    # From the side on which both values are small.
    h = math.sqrt(0.5)
    if z > 0 and z + d > 0:
        return (math.erfc(z * h) - math.erfc((z + d) * h)) / 2
    return (math.erfc(-(z + d) * h) - math.erfc(-z * h)) / 2


@jit
def _far_change(kind, z, d, p, q):
    """g(z + d) - g(z) for any d; p and q are formulas.ingredients at z."""
    moved = z + d
    if kind == _ELU:
        if z > 0:
            return d if moved > 0 else math.expm1(moved) - z
        return moved - math.expm1(z) if moved > 0 else p * math.expm1(d)
    if kind == _GELU:
        change = _normal_cdf_change(z, d)
        return d * (p + change) + z * change
    if kind == _TANH:
        t = math.tanh(d)
        return t * q / (1 + p * t) if abs(d) < 1 else math.tanh(moved) - p
    # sigmoid and its relatives
    e = math.expm1(d) if d < 1 else 0.0
    change = q * e / (1 + p * e) if abs(d) < 1 else _sigmoid(moved) - p
    if kind == _SIGMOID:
        return change
    if kind == _SILU:
        return d * (p + change) + z * change
    return math.log1p(p * e) if abs(d) < 1 else _softplus(moved) - _softplus(z)


@jit
def through_activation(kind, first, n, D, z, p, q, scale):
    """D <- scale (g(z + D) - g(z)) for units first .. first + n; the number that met a kink.

    D is (units, steps, rows), the others (units, rows).
    """
    crossed = 0
    steps, rows = D.shape[1], D.shape[2]
    if kind == _IDENTITY:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    D[k, s, r] *= scale[k, r]
        return crossed
    if kind in (_RELU, _LEAKY):
        slope = 0.0 if kind == _RELU else _LEAK
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d, x = D[k, s, r], z[k, r]
                    moved = x + d
                    up, was_up = moved > 0, x > 0
                    from_above = d if up else slope * moved - x
                    from_below = moved - slope * x if up else slope * d
                    D[k, s, r] = scale[k, r] * (from_above if was_up else from_below)
                    crossed += (scale[k, r] != 0) & ((up != was_up) | ((x == 0) & (d != 0)))
        return crossed

    far = 0
    for k in range(first, first + n):
        for s in range(steps):
            for r in range(rows):
                far += not abs(D[k, s, r]) <= _NEAR  # a NaN is far too
    if far > 0:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    D[k, s, r] = scale[k, r] * _far_change(
                        kind, z[k, r], D[k, s, r], p[k, r], q[k, r]
                    )
    elif kind == _ELU:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d, x = D[k, s, r], z[k, r]
                    moved = x + d
                    # A unit can change sides only if |x| <= |d|.
                    below = p[k, r] * _expm1(d)
                    from_above = d if moved > 0 else _expm1(moved) - x
                    from_below = moved - _expm1(x) if moved > 0 else below
                    D[k, s, r] = scale[k, r] * (from_above if x > 0 else from_below)
    elif kind == _GELU:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d, x = D[k, s, r], z[k, r]
                    xx = x * x
                    # Taylor's series of Phi: its derivatives are Hermite polynomials times q.
                    h5 = x * ((xx - 10) * xx + 15)
                    h4 = (xx - 6) * xx + 3
                    series = 1 - d * (
                        x * (1 / 2)
                        - d
                        * (
                            (xx - 1) * (1 / 6)
                            - d
                            * (
                                x * (xx - 3) * (1 / 24)
                                - d * (h4 * (1 / 120) - d * (h5 * (1 / 720)))
                            )
                        )
                    )
                    change = q[k, r] * d * series
                    D[k, s, r] = scale[k, r] * (d * (p[k, r] + change) + x * change)
    elif kind == _TANH:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d = D[k, s, r]
                    dd = d * d
                    t = d * (1 - dd * (1 / 3 - dd * (2 / 15 - dd * (17 / 315))))
                    # tanh a - tanh b = tanh(a - b) (1 - tanh a tanh b)
                    D[k, s, r] = scale[k, r] * (t * q[k, r] / (1 + p[k, r] * t))
    elif kind == _SOFTPLUS:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    D[k, s, r] = scale[k, r] * _log1p(p[k, r] * _expm1(D[k, s, r]))
    else:
        silu = kind == _SILU
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d = D[k, s, r]
                    e = _expm1(d)
                    change = q[k, r] * e / (1 + p[k, r] * e)
                    D[k, s, r] = scale[k, r] * (
                        d * (p[k, r] + change) + z[k, r] * change if silu else change
                    )
    return crossed


@jit
def _multiply(theta, start, n_in, n_out, D, below, above):
    """D[above ..] = W^T D[below ..], for W (n_in, n_out) at theta[start]; D is (units, width)."""
    width = D.shape[1]
    for o in range(n_out):
        for w in range(width):
            D[above + o, w] = 0.0
        k = 0
        at = start + o
        while k + 4 <= n_in:  # four at a time, so that the sums are loaded a quarter as often
            w0, w1 = theta[at], theta[at + n_out]
            w2, w3 = theta[at + 2 * n_out], theta[at + 3 * n_out]
            for w in range(width):
                D[above + o, w] += (w0 * D[below + k, w] + w1 * D[below + k + 1, w]) + (
                    w2 * D[below + k + 2, w] + w3 * D[below + k + 3, w]
                )
            k += 4
            at += 4 * n_out
        while k < n_in:
            w0 = theta[at]
            for w in range(width):
                D[above + o, w] += w0 * D[below + k, w]
            k += 1
            at += n_out


@jit
def loss_changes(output, first, n, D, p, q, target, label, weight, own, total):
    """total[s] += sum_r weight_r (L(z_r + D[:, s, r]) - L(z_r)); `own` is a (steps, rows) buffer.

    softmax: log(sum_k p_k e^(d_k - d_y)), in which nothing cancels; sigmoid, p = sigmoid(z) and
    q = 1 - p: y log(1 + q (e^-d - 1)) + (1 - y) log(1 + p (e^d - 1)); identity: d (z - y + d/2).
    """
    steps, rows = D.shape[1], D.shape[2]
    if output == _SQUARED:
        for k in range(first, first + n):
            for s in range(steps):
                change = 0.0
                for r in range(rows):
                    d = D[k, s, r]
                    change += weight[r] * (d * (p[k, r] + d / 2))
                total[s] += change
        return
    far = 0
    if output == _SOFTMAX:
        for s in range(steps):
            for r in range(rows):
                own[s, r] = D[first + label[r], s, r]
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    D[k, s, r] -= own[s, r]
    for k in range(first, first + n):
        for s in range(steps):
            for r in range(rows):
                far += not abs(D[k, s, r]) <= _NEAR
    for s in range(steps):
        for r in range(rows):
            own[s, r] = 0.0
    if output == _SOFTMAX:
        if far == 0:
            for k in range(first, first + n):
                for s in range(steps):
                    for r in range(rows):
                        own[s, r] += p[k, r] * _expm1(D[k, s, r])
            for s in range(steps):
                for r in range(rows):
                    own[s, r] = _log1p(own[s, r])
        else:
            for s in range(steps):
                for r in range(rows):
                    top = 0.0
                    for k in range(first, first + n):
                        top = max(top, D[k, s, r])
                    change, total_p, rest = 0.0, 0.0, 0.0
                    for k in range(first, first + n):
                        d = D[k, s, r]
                        change += p[k, r] * math.expm1(min(d, 1.0))
                        total_p += p[k, r] * math.exp(d - top)
                        rest += d  # keeps a NaN, which min and max may lose
                    own[s, r] = (
                        math.log1p(change) if top < 1 and change > -0.5 else math.log(total_p) + top
                    ) + (rest - rest)
    elif far == 0:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d, y = D[k, s, r], target[k, r]
                    own[s, r] += y * _log1p(q[k, r] * _expm1(-d)) + (1 - y) * _log1p(
                        p[k, r] * _expm1(d)
                    )
    else:
        for k in range(first, first + n):
            for s in range(steps):
                for r in range(rows):
                    d, y = D[k, s, r], target[k, r]
                    # log(1 + p (e^d - 1)) grows as d, and e^d must not overflow.
                    up = (
                        math.log1p(p[k, r] * math.expm1(d))
                        if d < 1
                        else (d + math.log1p(q[k, r] * math.expm1(-d)))
                    )
                    down = (
                        math.log1p(q[k, r] * math.expm1(-d))
                        if d > -1
                        else (-d + math.log1p(p[k, r] * math.expm1(d)))
                    )
                    own[s, r] += y * down + (1 - y) * up
    for s in range(steps):
        change = 0.0
        for r in range(rows):
            change += weight[r] * own[s, r]
        total[s] += change


@jit
def _linear_response(net, l, j, z, scale, response, margin):
    """Change of the logits when Z of unit j of layer l changes by 1 and no unit changes sides.

    That holds for changes below margin[r]. False if a layer is not piecewise linear.

    `response` is (units, rows), laid out as z: unit j, then all layers above.
    """
    depth, rows = net.sizes.shape[0] - 1, z.shape[1]
    for k in range(l, depth):
        if net.kinds[k] not in (_IDENTITY, _RELU, _LEAKY):
            return False
    response[0] = 1.0
    margin[:] = np.inf
    first, n = 0, 1
    for k in range(l, depth):
        kind = net.kinds[k]
        slope = 0.0 if kind == _RELU else _LEAK if kind == _LEAKY else 1.0
        for u in range(first, first + n):
            for r in range(rows):
                size = abs(response[u, r])
                if kind != _IDENTITY and scale[u, r] != 0 and size > 0:
                    margin[r] = min(margin[r], abs(z[u, r]) / size)
                response[u, r] *= scale[u, r] * (1.0 if z[u, r] > 0 else slope)
        above = net.sizes[k + 1]
        if k == l:
            for o in range(above):
                w = net.theta[net.starts[k + 1] + j * above + o]
                for r in range(rows):
                    response[1 + o, r] = w * response[0, r]
        else:
            _multiply(net.theta, net.starts[k + 1], n, above, response, first, first + n)
        first, n = first + n, above
    return True


@jit
def _gather(of, count, rows, to, first, into):
    for k in range(count):
        for r in range(to.shape[1]):
            to[into + k, r] = of[first + k, rows[r]]


@jit
def _propagate(net, l, j, steps, x, D, wide, z, p, q, scale):
    """D of the logits when Z of unit j of layer l moves by steps[s] x[r]; the number of kinks met.

    D and `wide` are the same memory, (units, steps, rows) and (units, steps x rows).
    """
    depth = net.sizes.shape[0] - 1
    at = 0
    if l == depth:
        wide[:] = 0.0
        at = j
    for s in range(steps.shape[0]):
        for r in range(x.shape[0]):
            D[at, s, r] = steps[s] * x[r]
    if l == depth:
        return 0
    met = through_activation(net.kinds[l], 0, 1, D, z, p, q, scale)
    at = net.starts[l + 1] + j * net.sizes[l + 1]
    for k in range(net.sizes[l + 1]):
        w = net.theta[at + k]
        for r in range(wide.shape[1]):
            wide[1 + k, r] = w * wide[0, r]
    first = 1
    for k in range(l + 1, depth):
        met += through_activation(net.kinds[k], first, net.sizes[k], D, z, p, q, scale)
        _multiply(
            net.theta,
            net.starts[k + 1],
            net.sizes[k],
            net.sizes[k + 1],
            wide,
            first,
            first + net.sizes[k],
        )
        first += net.sizes[k]
    return met


@jit
def cost_changes(net, base, work, start, stop, steps, changes, crossed):
    """changes[c, s] = J(theta + steps[s] e_c) - J(theta), for components start .. stop of `work`.

    Without the penalty, over the rows of `base`. crossed[c] counts the kinks that units met.
    """
    depth, m, count = net.sizes.shape[0] - 1, base.z.shape[1], steps.shape[0]
    units = base.z.shape[0] + 1
    largest = 0.0
    for s in range(count):
        largest = max(largest, abs(steps[s]))
    # All memory is allocated here; each unit takes its arrays from it.
    D_all = np.empty(units * count * m)
    z_all, p_all, q_all = np.empty(units * m), np.empty(units * m), np.empty(units * m)
    scale_all, x_all, own_all = np.empty(units * m), np.empty(m), np.empty(count * m)
    response_all, margin_all = np.empty(units * m), np.empty(m)
    rows_all, label_all, weight_all = np.empty(m, np.int64), np.empty(m, np.int64), np.empty(m)
    total = np.empty(count)

    c = start
    while c < stop:
        l, j, end = work.layer[c], work.column[c], c + 1
        while end < stop and work.layer[end] == l and work.column[end] == j:
            end += 1
        n_in, unit = net.sizes[l - 1], base.at[l] + j
        R = 0
        for r in range(m):
            # A dropped unit, or a relu far enough below 0, lets no change through.
            if l == depth or (
                base.scale[unit, r] != 0
                and not (
                    net.kinds[l] == _RELU and base.z[unit, r] < -largest * base.reach[l - 1, r]
                )
            ):
                rows_all[R] = r
                R += 1
        for i in range(c, end):
            crossed[i] = 0
            for s in range(count):
                changes[i, s] = 0.0
        if R == 0:
            c = end
            continue

        # Unit j first (where it is not an output itself), then all layers above it.
        rows = rows_all[:R]
        lowest = l + 1 if l < depth else depth
        head = lowest - l
        above = base.z.shape[0] - base.at[lowest]
        size = (head + above) * R
        z, p = z_all[:size].reshape((-1, R)), p_all[:size].reshape((-1, R))
        q, scale = q_all[:size].reshape((-1, R)), scale_all[:size].reshape((-1, R))
        for of, to in ((base.z, z), (base.p, p), (base.q, q), (base.scale, scale)):
            _gather(of, head, rows, to, unit, 0)
            _gather(of, above, rows, to, base.at[lowest], head)
        x, label, weight = x_all[:R], label_all[:R], weight_all[:R]
        for r in range(R):
            label[r], weight[r] = base.label[rows[r]], base.weight[rows[r]]
        D = D_all[: size * count].reshape((-1, count, R))
        wide = D_all[: size * count].reshape((-1, count * R))
        own = own_all[: count * R].reshape((count, R))
        response, margin = response_all[:size].reshape((-1, R)), margin_all[:R]
        linear = l < depth and _linear_response(net, l, j, z, scale, response, margin)
        outputs = size // R - net.sizes[depth]

        while c < end:
            i = work.row[c]
            moves, near = 0, 0
            if i < n_in:
                for r in range(R):
                    x[r] = base.A[base.A_at[l - 1] + i, rows[r]]
                    moves += x[r] != 0
            else:
                for r in range(R):
                    x[r] = 1.0
                moves = R
            if linear:
                for r in range(R):  # less than the margin, which is rounded
                    near += not abs(largest * x[r]) <= 0.999 * margin[r]
            if moves > 0:
                if linear and near == 0:
                    for o in range(outputs, outputs + net.sizes[depth]):
                        for s in range(count):
                            for r in range(R):
                                D[o, s, r] = steps[s] * x[r] * response[o, r]
                else:
                    crossed[c] = _propagate(net, l, j, steps, x, D, wide, z, p, q, scale)
                for s in range(count):
                    total[s] = 0.0
                loss_changes(
                    net.output, outputs, net.sizes[depth], D, p, q, scale, label, weight, own, total
                )
                for s in range(count):
                    changes[c, s] = total[s]
            c += 1
