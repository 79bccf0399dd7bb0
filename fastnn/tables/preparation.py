"""From a user's table to the arrays that a network is trained and judged on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from fastnn.arguments import lookup
from fastnn.files.fingerprint import fingerprint
from fastnn.many.blend import BINS
from fastnn.reading.learning import tidy
from fastnn.reading.values import categories, check_columns
from fastnn.tables.dealing import deal, in_order_of_time, repeats
from fastnn.tables.examples import Examples, Part, part_of
from fastnn.tables.figures import told_of_unseen
from fastnn.tables.options import Share, quality_of
from fastnn.tabular import TableSchema
from fastnn.tabular.rows import counters, named, shared_keys, totals
from fastnn.tabular.target import JOINED, learn_target
from fastnn.text.words import rows

PARTS = ("train", "dev", "test")
# Of fewer rows none are kept for a dev set.
FEWEST_ROWS = 10
_RARE_CLASSES = {"drop": None, "join": None, "keep": None}


@dataclass(frozen=True)
class Prepared:
    """Parts of a table, and the schema learnt from its training rows.

    Attributes
    ----------
    schema : TableSchema
    parts : dict of Part
        By their names: train, dev, test.
    run : dict
        Facts of types that JSON has. `found_again` makes the same parts with them; weighted: rows
        had weights; inner_dev: each network has dev rows of its own.
    notices : list of str
    places : dict of arrays
        The places of the rows of each part in the table that they were dealt from, in its order.
    """

    schema: TableSchema
    parts: dict[str, Part]
    run: dict[str, Any]
    notices: list[str] = field(default_factory=list)
    places: dict[str, NDArray[np.intp]] = field(default_factory=dict)


def prepare(
    estimator: Any,
    examples: Examples,
    names: Sequence[str] = ("train", "dev"),
    *,
    inner_dev: bool = False,
) -> Prepared:
    """Deal the rows to the parts `names`, and learn a schema.

    Parameters
    ----------
    estimator : TableClassifier or TableRegressor
        With the parameters for reading columns and dealing rows.
    examples : Examples
    names : sequence of str
        The training rows come first. The others have the shares that are parameters of the
        estimator; else the rule of thumb tells.
    inner_dev : bool
        Whether each network keeps dev rows of its own among the training rows.
    """
    notices = list(examples.notices)
    if len(examples.frame) < FEWEST_ROWS and len(names) > 1:
        kept = " or a ".join(names[1:])
        notices.append(f"There are fewer than {FEWEST_ROWS} rows: none are kept for a {kept} set.")
        names = names[:1]
    judged = tuple(names)
    if inner_dev and len(examples.frame) >= FEWEST_ROWS:
        judged = ("train", "dev", *names[1:])
    groups, time = _columns_of_split(estimator, examples)
    labels, joined, facts = None, (), dict[str, Any]()
    if estimator.task == "classification":
        labels, target = _labels(estimator, examples)
        _check_class_weight(estimator, target.classes.tolist())
        lookup(_RARE_CLASSES, estimator.rare_classes, "rare_classes")
        rare = _rare_of(target, labels, judged) if estimator.rare_classes != "keep" else []
        of_rare = np.isin(labels, np.searchsorted(target.classes, rare))
        told = f"with {rows(int(of_rare.sum()))}: {', '.join(map(str, rare))[:200]}"
        few = f"Classes of fewer than {len(judged)} rows"
        if rare and estimator.rare_classes == "join":
            joined = tuple(map(str, rare))
            labels, _ = _labels(estimator, examples, joined)
            notices.append(f"{few} are one class, {JOINED!r}, {told}.")
        elif rare:
            facts["classes_left_out"] = rare
            notices.append(
                f"{few} are left out, {told}; rare classes can also be kept or joined "
                "(rare_classes, --rare-classes)."
            )
            examples, labels = examples.at(np.flatnonzero(~of_rare)), labels[~of_rare]
    seed = seed_of(estimator)
    shares = {name: float(s) for name in names[1:] if _is_number(s := share_of(estimator, name))}
    split = {"groups": groups, "time": time, "shares": shares}
    places = deal(examples.frame, labels, names, seed, **split, **_marks(estimator))
    dealt = {name: examples.at(rows) for name, rows in places.items()}
    schema = _learn_schema(estimator, dealt["train"], groups, joined)
    parts = {
        name: part_of(
            estimator,
            schema,
            part,
            name,
            class_weight=name != "test",
            room=name == "train" and "dev" not in dealt and quality_of(vars(estimator)) is not None,
        )
        for name, part in dealt.items()
    }
    run = {
        "seed": seed,
        "sizes": {name: len(rows) for name, rows in places.items()},
        "fingerprint": _fingerprint([parts[name] for name in places]),
        **({"groups": groups} if groups else {"time": time} if time else {}),
        **({"shares": shares} if shares else {}),
        **({"weighted": True} if examples.weight is not None else {}),
        **({"inner_dev": True} if inner_dev else {}),
        **facts,
    }
    notices += schema.notices
    notices += [text for name, part in parts.items() for text in told_of_unseen(part, name)]
    asked = (*_names(estimator.numeric), *_names(time))
    notices += totals(examples.frame) + counters(schema.columns, examples.frame, asked)
    if len(dealt) > 1 or inner_dev:  # else no row to judge by was dealt
        notices += repeats(schema, {name: part.frame for name, part in dealt.items()}, groups, time)
        if groups is None and time is None:
            drop = _names(estimator.drop)
            notices += shared_keys(schema, examples.frame)
            notices += in_order_of_time(schema, parts, places, examples.frame, drop)
    if others := [places[name] for name in names if name != "train"]:
        rest = examples.frame.iloc[np.sort(np.concatenate(others))]
        notices += schema.unreadable(rest, dealt["train"].frame)
    taken = {name: np.sort(part.places) for name, part in dealt.items()}
    return Prepared(schema, parts, run, notices, taken)


def parts_of_fit(
    estimator: Any, given: Collection[str] = (), *, inner_dev: bool = False
) -> list[str]:
    """The parts that a fit deals, beside the `given` ones; there is no dev part with `inner_dev`.

    A share of a part that is given is refused.
    """
    for name in given:
        if _is_number(share := share_of(estimator, name)):
            raise ValueError(
                f"{name}_share={share!r} takes {name} rows from X, and {name} has others: give one "
                "of them"
            )
    names = ["train"]
    if "dev" not in given and not inner_dev:
        names.append("dev")
    if "test" not in given and estimator.test_share is not None:
        names.append("test")
    return names


def add_part(
    estimator: Any, prepared: Prepared, name: str, examples: Examples, whole: Examples
) -> None:
    """Add other rows as a part, and their notices; the training rows are among the `whole`."""
    places = np.arange(len(whole.frame)) if whole.places is None else whole.places
    trained_on = whole.frame[np.isin(places, prepared.places["train"])]
    part = part_of(estimator, prepared.schema, examples, name, class_weight=name != "test")
    prepared.parts[name] = part
    told = [*examples.notices, *told_of_unseen(part, name)]
    told += [f"{name.capitalize()} rows: {said}" for said in prepared.schema.review(examples.frame)]
    prepared.notices.extend(told)
    both = {"train": trained_on, name: examples.frame}
    prepared.notices.extend(repeats(prepared.schema, both, time=estimator.time, dealt=False))


def found_again(estimator: Any, examples: Examples) -> dict[str, Part] | None:
    """The parts of the last fit, if the examples are its examples; else None."""
    schema, run = estimator.schema_, estimator.run_
    if not {"seed", "sizes", "fingerprint"} <= run.keys():
        return None
    # Another program could have written these.
    if type(run["seed"]) is not int or not isinstance(run["sizes"], dict):
        return None
    shares = run.get("shares", {})
    if not isinstance(shares, dict) or not all(map(_is_share, shares.values())):
        return None
    left_out = list(map(str, run.get("classes_left_out", ())))
    if left_out:
        codes, texts = categories(tidy(examples.frame[schema.target], schema.missing))
        # NumPy's arrays of texts have none that end in NUL.
        known = np.array([*(text not in left_out for text in texts), True])
        examples = examples.at(np.flatnonzero(known[codes]))
    if len(examples.frame) != sum(run["sizes"].values()):
        return None
    try:
        labels = None
        if schema.task == "classification":  # later rows can have classes of their own
            labels = schema.targets(examples.frame, unseen=True)
        groups, time = (
            name if name in examples.frame.columns else None
            for name in (run.get("groups"), run.get("time"))
        )
        names = [name for name in PARTS if name in run["sizes"]]
        split = {"groups": groups, "time": time, "shares": shares}
        places = deal(examples.frame, labels, names, run["seed"], **split, **_marks(estimator))
        parts = {
            name: part_of(estimator, schema, examples.at(rows), name)
            for name, rows in places.items()
        }
    except ValueError:  # other columns, or other classes
        return None
    return parts if _fingerprint(list(parts.values())) == run["fingerprint"] else None


def share_of(estimator: Any, part: str) -> Share | None:
    """The parameter for the size of a part, dev or test."""
    return getattr(estimator, f"{part}_share")


def seed_of(estimator: Any) -> int:
    """The seed of the split, the initial weights, the shuffling and the dropout."""
    state = estimator.random_state
    if isinstance(state, int | np.integer) and not isinstance(state, bool):
        check_random_state(state)  # an error for a negative one
        return int(state)
    return int(check_random_state(state).randint(2**31 - 1))


def _is_number(share):
    return share is not None and not isinstance(share, str)


def _is_share(value):
    return type(value) is float and 0 < value < 1


def _columns_of_split(estimator, examples):
    """The columns of groups and of time, checked."""
    frame, groups, time = examples.frame, estimator.groups, estimator.time
    for name, column in (("groups", groups), ("time", time)):
        if column == examples.target:
            raise ValueError(
                f"{name}={column!r} is the target: the rows are divided by another column, which "
                "is known of new rows"
            )
    if groups is not None and time is not None:
        raise ValueError(
            f"groups={groups!r} and time={time!r} each say how to split the rows: give time alone "
            f"for a model of later rows of the same {groups}, or groups alone for one of new "
            f"{groups}"
        )
    check_columns([name for name in (groups, time) if name is not None], frame, "column")
    gaps = 0 if groups is None else int(tidy(frame[groups], estimator.missing).isna().sum())
    if gaps:
        raise ValueError(
            f"column {groups!r}: expected a group in every row, got {gaps:,} "
            f"gap{'s' * (gaps > 1)}: fill them in, as with a name of its own for each such row, or "
            "leave these rows out"
        )
    return groups, time


def _labels(estimator, examples, joined=()):
    """The numbers of the rows' classes, and the `Target`."""
    series = examples.frame[examples.target]
    target, _ = learn_target(
        series,
        "classification",
        estimator.missing,
        estimator.decimal,
        joined=joined,
        categorical=named(examples.target, estimator.categorical),
    )
    return target.encode(series, estimator.missing), target


def _check_class_weight(estimator, classes):
    """Refuse weights of what is no class of the target."""
    known = [*classes, JOINED] if estimator.rare_classes == "join" else classes
    if not isinstance(estimator.class_weight, Mapping):
        return
    unknown = [name for name in estimator.class_weight if name not in known]
    if unknown:
        there = ", ".join(map(repr, known[:20])) + ", ..." * (len(known) > 20)
        raise ValueError(
            f"expected class_weight (--class-weight) to name classes of the target, got "
            f"{unknown[0]!r}; they are {there}"
        )


def _rare_of(target, labels, parts):
    """The classes of fewer rows than there are parts; an error if they are all but one."""
    counts = np.bincount(labels, minlength=len(target.classes))
    rare = target.classes[counts < len(parts)].tolist()
    if len(rare) > len(target.classes) - 2:
        few = counts.min()
        raise ValueError(
            f"class {target.classes[counts.argmin()]} of {target.name} has {rows(few)}, expected "
            f"at least {len(parts)}, one for each of {', '.join(parts)}: collect more, leave it "
            "out, or join it with another class; for a quantity, --task regression"
        )
    return rare


def _learn_schema(estimator, examples, groups, joined):
    drop = _names(estimator.drop)
    return TableSchema.fit(
        examples.frame,
        examples.target,
        estimator.task,
        drop=drop if groups is None or groups in drop else (*drop, groups),
        categorical=_names(estimator.categorical),
        numeric=_names(estimator.numeric),
        **_marks(estimator),
        bins=BINS if quality_of(vars(estimator)) is not None else 0,
        loss=getattr(estimator, "loss", "squared_error"),
        joined=joined,
    )


def _marks(estimator):
    """The parameters by which any column is read."""
    return {name: getattr(estimator, name) for name in ("missing", "decimal", "day_first")}


def _names(names):
    """Names of columns as a tuple; a text is one name."""
    return (names,) if isinstance(names, str) else tuple(names or ())


def _fingerprint(parts):
    """A fingerprint of inputs and targets; the format and order of columns do not matter."""
    digests = [fingerprint(array)["sha256"] for part in parts for array in (part.X, part.y)]
    return "-".join(digest[:16] for digest in digests)
