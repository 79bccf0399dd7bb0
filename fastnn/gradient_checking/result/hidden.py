"""Components that cannot be judged: their numerical derivative is too uncertain."""

import numpy as np

from fastnn.gradient_checking.result.array import symbol
from fastnn.gradient_checking.result.components import HIDDEN, VISIBLE, Finding, ratio

# An error of so many uncertainties is not chance; nor are so many smaller errors in an array.
_CERTAIN, _MANY = 3.0, 5


def hidden_components(check):
    """The components of a `GradientCheck` in which even a gross error would not be seen.

    Returns
    -------
    (N,) array of bool
        False where a component is off: that error is seen.
    """
    hidden = np.zeros(check.theta.size, bool)
    everything = _size_of(check, np.flatnonzero(check.compared))
    # Where the gradient is zero, as at a minimum, it is compared with gradients nearby.
    least = 2e-3 * check.nearby[check.compared].max(initial=0.0) if is_stationary(check) else 0.0
    for parameter in check.blocks:
        compared = np.flatnonzero(check.compared[parameter.slice]) + parameter.start
        where = compared[~check.off[compared]]
        if not where.size:
            continue
        # Rounding of the analytic gradient itself says nothing against the numerical side.
        doubt = check.uncertainty[where] - check.own[where]
        largest = np.abs(check.analytic[where]).max()
        if largest > 10.0 * check.own[where].max():
            error = ratio(check.analytic[where], check.numeric[where])
            limit = HIDDEN if error <= VISIBLE else VISIBLE
            hidden[where] = doubt > limit * max(_size_of(check, compared), least)
        elif (
            max(everything, least) > 0.0
        ):  # a gradient of zero is known well enough if others are larger
            hidden[where] = doubt > HIDDEN * max(everything, least)
    return hidden


def is_hidden(check, parameter):
    """Whether no error of the array is known, and all its large components are hidden."""
    compared = check.compared[parameter.slice]
    if check.is_off(parameter) or not compared.any():
        return False
    # Kinks near a fixed epsilon leave out a part of the array. The report tells that instead.
    left_out = check.excluded[parameter.slice].any()
    if left_out and _is_truncated(check, parameter) and not is_wide(check):
        return False
    size = np.abs(check.analytic[parameter.slice])
    matters = compared & (size >= 0.1 * size[compared].max())
    return bool(check.hidden[parameter.slice][matters].all())


def is_beyond_doubt(check, parameter):
    """Whether errors of an array are too large, or too many, to come from unlucky uncertainties.

    An uncertainty is an estimate. One that is two or three times too small in a few components, as
    beside kinks, is no proof of a wrong gradient.
    """
    off = check.off[parameter.slice]
    error = np.abs(check.analytic - check.numeric)[parameter.slice][off]
    far = ~(error <= _CERTAIN * check.uncertainty[parameter.slice][off])
    many = off.sum() >= _MANY and off.sum() >= 0.2 * check.compared[parameter.slice].sum()
    return bool(far.any() or many or not off.any())


def is_stationary(check):
    """Whether both gradients are zero to within the uncertainty here, and not so nearby."""
    where = check.compared
    largest = np.maximum(np.abs(check.analytic), np.abs(check.numeric))[where]
    return bool((largest <= check.uncertainty[where]).all() and check.nearby[where].any())


def is_wide(check):
    """Whether epsilon is so large that a bend may be taken for a kink."""
    return check.epsilon is not None and np.ndim(check.epsilon) == 0 and check.epsilon > 0.01


def _size_of(check, index):
    """Size of a gradient: its largest component that is not all uncertainty."""
    numeric = np.abs(check.numeric[index])
    return max(
        np.abs(check.analytic[index]).max(initial=0.0),
        numeric[numeric > check.uncertainty[index]].max(initial=0.0),
    )


def _is_truncated(check, parameter):
    """Whether a fixed epsilon, and not rounding, makes most of the uncertainty of an array."""
    if check.epsilon is None or np.ndim(check.epsilon) or np.isnan(check.epsilon):
        return False
    rounding = 10.0 * (check.noise or 0.0) / check.epsilon
    uncertainty = check.uncertainty[parameter.slice][check.compared[parameter.slice]]
    return bool(rounding < 0.1 * np.median(uncertainty))


def cannot_be_judged(check, hidden):
    """Findings about arrays whose gradient is lost in rounding or truncation, with a remedy."""
    by_reason = {}
    for parameter in hidden:
        by_reason.setdefault(_reason(check, parameter), []).append(parameter)
    findings = []
    for (reason, remedy), parameters in by_reason.items():
        names = tuple(p.name for p in parameters)
        where = np.concatenate(
            [np.flatnonzero(check.compared[p.slice]) + p.start for p in parameters]
        )
        size = np.abs(check.analytic[where]).max()
        findings.append(
            Finding(
                names,
                "hidden",
                (
                    f"{listed([symbol(name) for name in names])} cannot be judged: {reason}"
                    f" while {'it is' if len(names) == 1 else 'they are'} about {size:.1g} and the "
                    f"numerical derivative is good to {np.median(check.uncertainty[where]):.1g}: "
                    f"{remedy}"
                ),
            )
        )
    return findings


def _reason(check, parameter):
    if _is_truncated(check, parameter):
        return (
            f"at epsilon = {check.epsilon:g} the truncation hides it,",
            "choose a smaller epsilon, or leave it out",
        )
    J = "" if check.cost is None else f"; J is about {abs(check.cost):.1g}"
    remedy = "subtract the constant from J, scale it, or check this part by itself"
    if check.epsilon is not None and np.ndim(check.epsilon) == 0:
        remedy = f"choose an epsilon above {check.epsilon:g}, or leave it out"
    return f"rounding of J hides it{J}", remedy


def listed(names):
    """The names with commas and "and": "dW1, db1 and dW2"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
