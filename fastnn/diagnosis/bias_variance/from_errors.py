"""Bias and variance from errors: which of them is high, how sure that is, and what to do."""

from __future__ import annotations

from numbers import Real

from fastnn.arguments import integer, number
from fastnn.diagnosis.bias_variance import advice as recipe
from fastnn.diagnosis.bias_variance.advice import Known
from fastnn.diagnosis.bias_variance.result import GAPS, TITLES, Diagnosis, Gap
from fastnn.diagnosis.evidence.intervals import (
    HEAVY,
    Bracket,
    Estimate,
    difference_limits,
    examples_to_tell,
    is_above,
)
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.sets import check_network
from fastnn.text.words import about, percent
from fastnn.training.history import History

# Arguments of every way to a diagnosis.
THRESHOLDS = ("confidence", "tolerance", "relative_tolerance", "share")


def diagnose(
    train_error: float,
    dev_error: float,
    *,
    optimal_error: float = 0.0,
    train_dev_error: float | None = None,
    test_error: float | None = None,
    n_train: int | None = None,
    n_train_dev: int | None = None,
    n_dev: int | None = None,
    n_test: int | None = None,
    network: BaseNetwork | None = None,
    history: History | None = None,
    confidence: float = 0.95,
    tolerance: float = 0.02,
    relative_tolerance: float = 0.1,
    share: float = 0.1,
) -> Diagnosis:
    """Tell bias from variance by the errors, and say what to do, in the order of the basic recipe.

    A gap between two errors is high above ``max(tolerance, relative_tolerance * optimal_error)``:
    two points, or more where the optimal error is so large that two points are little beside it.
    Bias or variance is not called high either if it is less than `share` of the other one: the
    larger one has ten times as many errors to remove. So (1 %, 11 %) is high variance, (15 %, 16 %)
    high bias, (15 %, 30 %) both, (0.5 %, 1 %) neither; and with an optimal error of 15 %,
    (15 %, 16 %) is neither.

    Parameters
    ----------
    train_error, dev_error : float in [0, 1]
        Shares of wrong labels.
    optimal_error : float in [0, 1], default 0
        Bayes error, or the error of people. A training error below it is allowed; a note says so.
    train_dev_error : float in [0, 1], optional
        Error on unseen examples of the *training* distribution. With it, variance is
        train_dev_error - train_error, and dev_error - train_dev_error is data mismatch.
    test_error : float in [0, 1], optional
        test_error - dev_error is overfitting to the dev set.
    n_train, n_train_dev, n_dev, n_test : int, optional
        The number of examples that each error was measured on. With them a gap is called high,
        or not high, only when its whole confidence interval (Wilson's, Newcombe's for
        differences) says so; otherwise the notes say how many examples would tell.
    network : Network, optional
    history : History, optional
        They make the advice concrete.
    confidence : float in (0, 1), default 0.95
    tolerance : float in [0, 1], default 0.02
    relative_tolerance, share : float in [0, inf) and [0, 1], default 0.1

    Returns
    -------
    Diagnosis

    Raises
    ------
    ValueError, TypeError
        An error outside [0, 1] (write 0.08 for 8 %), a count below 1.

    Examples
    --------
    >>> import fastnn
    >>> d = fastnn.diagnose(0.01, 0.11, n_dev=1000)
    >>> d.high_bias, d.high_variance
    (False, True)
    >>> d.verdict
    'High variance; bias is not high.'
    >>> fastnn.diagnose(0.15, 0.16, n_dev=1000).high_variance is None
    True
    """
    counts = {
        "train_error": n_train,
        "train_dev_error": n_train_dev,
        "dev_error": n_dev,
        "test_error": n_test,
    }
    given = {
        "train_error": train_error,
        "train_dev_error": train_dev_error,
        "dev_error": dev_error,
        "test_error": test_error,
    }
    estimates = {"optimal_error": Estimate(_share(optimal_error, "optimal_error"))}
    for name, value in given.items():
        count = counts[name]
        if count is not None:
            count = integer(count, "n_" + name.removesuffix("_error"), 1)
            if value is None:
                raise ValueError(f"expected {name} with its count {count}; got None")
        if value is not None or name in ("train_error", "dev_error"):
            estimates[name] = Estimate(_share(value, name), count)
    if network is not None:
        check_network(network, "network")
    if history is not None and not isinstance(history, History):
        raise TypeError(
            f"expected history to be what fit returned, a fastnn.History, got {history!r}"
        )
    return conclude(
        estimates,
        Known(network, history, n_train),
        confidence=confidence,
        tolerance=tolerance,
        relative_tolerance=relative_tolerance,
        share=share,
    )


def check_thresholds(thresholds):
    """Refuse arguments of `diagnose_network` that `conclude` does not have."""
    unknown = [name for name in thresholds if name not in THRESHOLDS]
    if unknown:
        hint = ""
        if unknown[0].startswith("n_"):
            hint = "; the examples are counted from the sets"
        elif unknown[0].endswith("_error"):
            hint = "; the errors are measured on the sets"
        raise TypeError(
            f"diagnose has no argument {unknown[0]!r}: expected test, train_dev, "
            f"optimal_error, {', '.join(THRESHOLDS)}{hint}"
        )


def conclude(
    estimates,
    known,
    *,
    confidence=0.95,
    tolerance=0.02,
    relative_tolerance=0.1,
    share=0.1,
    unit="share of wrong labels",
    differ=None,
):
    """The Diagnosis of errors, given as Estimates by name.

    `differ`, of a gap and the names of its two sets, is asked where variance or overfitting to dev
    is high: a sentence on how the sets differ in X, which can be the reason as well; or "".
    """
    confidence = number(confidence, "confidence", "(0, 1)")
    tolerance = number(tolerance, "tolerance", "[0, 1]")
    relative_tolerance = number(relative_tolerance, "relative_tolerance", "[0, inf)")
    share = number(share, "share", "[0, 1]")
    floor = max(tolerance, relative_tolerance * estimates["optimal_error"].value)
    between = dict(GAPS)
    if "train_dev_error" in estimates:
        between["variance"] = ("train_error", "train_dev_error")
    values = {
        gap: estimates[b].value - estimates[a].value
        for gap, (a, b) in between.items()
        if a in estimates and b in estimates
    }
    other = {"bias": "variance", "variance": "bias"}
    gaps, intervals = {}, {}
    for name, estimate in estimates.items():
        if estimate.n is not None or isinstance(estimate, Bracket):
            intervals[name] = estimate.limits(confidence)
    for gap, value in values.items():
        names = between[gap]
        a, b = (estimates[name] for name in names)
        threshold = max(floor, share * values[other[gap]]) if gap in other else floor
        limits = difference_limits(a, b, confidence)
        high, enough = is_above(limits, threshold), {}
        if high is None and not isinstance(a, Bracket):
            needed = examples_to_tell(a, b, threshold, confidence) or (None, None)
            enough = {TITLES[name]: n for name, n in zip(names, needed, strict=True) if n}
        if a.n or b.n or isinstance(a, Bracket):
            intervals[gap] = limits
        why = ""
        if high and differ is not None and gap in ("variance", "overfitting_to_dev"):
            why = differ(gap, *(name.removesuffix("_error") for name in names))
        gaps[gap] = Gap(value, threshold, limits, None if why else high, enough, why)
    return Diagnosis(
        errors={name: estimate.value for name, estimate in estimates.items()},
        gaps=gaps,
        intervals=intervals,
        counts={name: estimate.n for name, estimate in estimates.items()},
        groups={name: estimate.groups for name, estimate in estimates.items() if estimate.groups},
        confidence=confidence,
        unit=unit,
        verdict=_verdict(gaps, "groups" if _are_grouped(estimates) else "examples"),
        advice=_advice(estimates, gaps, known),
        notes=list(_notes(estimates, gaps)),
        causes=known.causes,
    )


def _are_grouped(estimates):
    return any(estimate.groups for estimate in estimates.values())


def _verdict(gaps, units):
    named = {
        high: [TITLES[name] for name, gap in gaps.items() if gap.high is high]
        for high in (True, False, None)
    }
    parts = []
    if named[True]:
        parts.append("high " + " and high ".join(named[True]))
        if named[False]:
            parts.append(
                " and ".join(named[False])
                + (" is" if len(named[False]) == 1 else " are")
                + " not high"
            )
    elif named[False]:
        one = len(named[False]) == 1
        parts.append(
            f"{named[False][0]} is not high"
            if one
            else "neither " + " nor ".join(named[False]) + " is high"
        )
    if named[None]:
        # Of a gap that is open for another reason, more examples alone would not tell.
        by_count = all(gap.enough for gap in gaps.values() if gap.high is None)
        few = sorted({title for gap in gaps.values() for title in gap.enough})
        parts.append(
            "whether "
            + " or ".join(named[None])
            + " is high cannot be told"
            + (f" by so few {' and '.join(few)} {units}" if by_count else "")
        )
    text = "; ".join(parts) + "."
    return text[0].upper() + text[1:]


def _advice(estimates, gaps, known):
    if not known.trained:
        return list(recipe.against_no_training())
    texts = [*recipe.against_rises(known.history), *map(str, known.causes)]
    high = {name for name, gap in gaps.items() if gap.high}
    if "bias" in high:
        texts += recipe.against_bias(
            estimates["train_error"].value, estimates["optimal_error"].value, known
        )
    if "variance" in high:
        texts += recipe.against_variance(gaps["variance"].value, known)
    if "data_mismatch" in high:
        texts += recipe.against_mismatch(gaps["data_mismatch"].value)
    if "overfitting_to_dev" in high:
        texts += recipe.against_overfitting_to_dev(
            gaps["overfitting_to_dev"].value, estimates["dev_error"]
        )
    return texts


def _notes(estimates, gaps):
    of = {TITLES[name]: estimate for name, estimate in estimates.items()}
    for name, gap in gaps.items():
        bracket = estimates["optimal_error"] if name == "bias" else None
        low, high = bracket.limits(None) if isinstance(bracket, Bracket) else (0.0, None)
        if gap.high is False and low > 0:
            yield (
                f"bias is not high if at least {percent(low)} of the error is noise, as nearest "
                "neighbours say: where y changes much between neighbours it can be less"
            )
        if gap.high is not None:
            continue
        if high is not None:
            by = "an estimate of nearest neighbours and " if low > 0 else ""
            yield (
                f"how much of the training error is noise is not known: by {by}the dev errors "
                f"that were reached the optimal error lies between {percent(low)} and "
                f"{percent(high)}; "
                "give optimal_error where you know it, such as the error of people"
            )
        elif gap.why:
            yield gap.why
        elif gap.enough:
            sets = " and ".join(gap.enough)
            now = " and ".join(_counted(of[title], of[title].n) for title in gap.enough)
            more = " and ".join(_counted(of[title], about(n)) for title, n in gap.enough.items())
            yield (
                f"too few {sets} examples ({now}) to tell whether {TITLES[name]} is high; "
                f"about {more} would, if the errors stay as they are"
            )
        else:
            yield (
                f"{TITLES[name]} lies so near to the threshold that no number of examples "
                "would tell whether it is high"
            )
    uneven = [name for name, each in estimates.items() if each.spread < HEAVY]
    if uneven and any(gap.high is None for gap in gaps.values()):
        yield (
            "a few rows make most of the "
            + " and of the ".join(f"{TITLES[name]} error" for name in uneven)
            + ", so that the interval is wide: look whether their y is right; if y is skewed, "
            "predict its logarithm"
        )
    if _are_grouped(estimates):
        yield (
            "examples of one group are alike, so that the intervals go by the number of groups: "
            "more groups narrow them, more examples of the same groups hardly do"
        )
    train, optimal = estimates["train_error"].value, estimates["optimal_error"].value
    if train < optimal and not isinstance(estimates["optimal_error"], Bracket):
        yield (
            f"the training error, {percent(train)}, is below the optimal error, "
            f"{percent(optimal)}: luck of the sample, overfitting, or the optimal error is "
            "lower than assumed"
        )
    low, high = gaps["variance"].limits
    if high < 0 and low < high:
        yield (
            "unseen examples have a lower error than training examples, by more than chance "
            "explains: they are easier, or of another distribution"
        )
    elif gaps["variance"].value < 0:
        yield (
            "unseen examples have a lower error than training examples: chance, or they are easier"
        )


def _counted(estimate, n):
    return f"{n:,}" + (f" in {estimate.of_groups(n)}" if estimate.groups else "")


def _share(value, name):
    if isinstance(value, Real) and not isinstance(value, bool) and not 0 <= value <= 1:
        raise ValueError(f"expected {name} in [0, 1], a share such as 0.08 for 8 %; got {value!r}")
    return number(value, name, "[0, 1]")
