"""The division of a table into training, dev and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fastnn.tabular.target import Target


def rare_of(target: Target, labels: np.ndarray, names: list[str]) -> list[Any]:
    """The classes of fewer rows than there are parts; an error if they are all but one."""
    import numpy as np

    counts = np.bincount(labels, minlength=len(target.classes))
    rare = target.classes[counts < len(names)].tolist()
    if len(rare) > len(target.classes) - 2:
        few = counts.min()
        rows = "1 row" if few == 1 else f"{few} rows"
        raise ValueError(
            f"class {target.classes[counts.argmin()]} of {target.name} has {rows}, expected at "
            f"least {len(names)}, one for each of {', '.join(names)}: collect more, leave it out, "
            "or join it with another class; for a quantity, --task regression"
        )
    return rare


def deal(
    frame: pd.DataFrame,
    labels: np.ndarray | None,
    names: list[str],
    seed: int,
    *,
    groups: str | None = None,
    time: str | None = None,
) -> dict[str, pd.DataFrame]:
    """The rows of each named part, drawn at random, each with the same share of every class.

    Rows of one group stay together. With `time`, the first rows are for training. Classes of too
    few rows to be in all parts are in the first one.
    """
    import numpy as np

    from fastnn.data.part_sizes import rule_of_thumb
    from fastnn.data.splitting import split

    if len(names) == 1:
        return {names[0]: frame}
    n = rule_of_thumb(len(frame))
    sizes = [len(frame) - n * (len(names) - 1)] + [n] * (len(names) - 1)
    if time is not None:
        ends = np.cumsum([0, *sizes])
        order = order_in_time(frame[time])
        return {
            name: frame.iloc[order[begin:end]]
            for name, begin, end in zip(names, ends, ends[1:], strict=False)
        }
    rare = np.zeros(len(frame), dtype=bool)
    if labels is not None and groups is None:
        rare = np.bincount(labels)[labels] < len(names)
    sizes[0] -= int(rare.sum())
    some = frame[~rare]
    dealt = split(
        some,
        None if labels is None else np.unique(labels[~rare], return_inverse=True)[1],
        sizes=sizes,
        stratify=labels is not None,
        groups=None if groups is None else some[groups].astype(str).to_numpy(),
        rng=seed,
    )
    parts = {name: part.X for name, part in zip(names, dealt, strict=False)}
    if rare.any():
        import pandas as pd

        parts[names[0]] = pd.concat([parts[names[0]], frame[rare]])
    return parts


def order_in_time(series: pd.Series) -> np.ndarray:
    """The places of the rows from the first to the last by a column of dates or numbers."""
    import numpy as np

    from fastnn.tabular.reading import learn_reading, tidy, typed

    series = tidy(series)
    reading, _ = learn_reading(series)
    gaps = int(series.isna().sum())
    if reading is None or gaps:
        got = f"{gaps:,} gaps" if gaps else f"{series.iloc[0]!r} in row {series.index[0]}"
        raise ValueError(
            f"column {series.name!r}: expected a date or a number in every row, to split by time; "
            f"got {got}"
        )
    return np.argsort(typed(series, reading).to_numpy(), kind="stable")
