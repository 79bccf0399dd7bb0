"""The rows of a table that are examples: those with a known target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastnn.tabular.notation import GAPS, Notation
from fastnn.tabular.reading import learn_reading, tidy, typed
from fastnn.tabular.values import as_frame, check_columns
from fastnn.text.words import left_out

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.values import PolarsFrame


def with_target(
    frame: pd.DataFrame | PolarsFrame, target: str, missing: Sequence[str] | None = None
) -> tuple[pd.DataFrame, int]:
    """The rows with a known target, and the number of the others.

    Parameters
    ----------
    frame : pandas or polars DataFrame
    target : str
    missing : sequence of str, optional
        See `TableSchema.fit`.

    Returns
    -------
    frame : DataFrame
    left_out : int
        Rows without a target.

    Raises
    ------
    ValueError
        There is no such column; the message suggests a similar one.

    Examples
    --------
    >>> import pandas
    >>> from fastnn.tabular import with_target
    >>> rows, left_out = with_target(pandas.DataFrame({"y": [1.5, None, 2.5]}), "y")
    >>> len(rows), left_out
    (2, 1)
    """
    known = rows_with(frame, target, missing)[0]
    return known, len(frame) - len(known)


def rows_with(frame, target, missing=None):
    """The rows with a known target, and a list with a sentence on the others, or empty."""
    frame = as_frame(frame)
    check_columns([target], frame, "target")
    known = known_target(frame, target, missing)
    return (frame if known.all() else frame[known]), told_of_missing(frame[target], known, missing)


def known_target(
    frame: pd.DataFrame, target: str, missing: Sequence[str] | None = None
) -> NDArray[np.bool_]:
    """(m,) whether the target of each row is known."""
    series = tidy(frame[target], missing)
    reading = _reading_of(series)
    if isinstance(reading, Notation):
        series = typed(series, reading)
    return series.notna().to_numpy(dtype=bool)


def _reading_of(series):
    try:
        return learn_reading(series, strict=True)[0]
    except ValueError:  # learn_target tells of it, where the task is known
        return None


def told_of_missing(series, known, missing=None, cells=None):
    """A list with a sentence on the rows whose target is not known, or empty.

    `cells` are those of the file, where the series has NaN in the place of some of their texts.
    """
    if known.all():
        return []
    cells, count = series if cells is None else cells, int((~known).sum())
    times = Counter(cell.strip() for cell in cells[~known] if isinstance(cell, str))
    del times[""]
    shown = [f"{n:,} with {text!r:.40}" for text, n in times.most_common(3)]
    others = sum(n for _, n in times.most_common()[3:])
    counted = {"with other such texts": others, "empty": count - times.total()}
    why = f": {', '.join([*shown, *(f'{n:,} {what}' for what, n in counted.items() if n)])}"
    of_classes = missing is None and _reading_of(tidy(series)) is None
    text = next((text for text in times if text in GAPS), None)
    if of_classes and text is not None:
        why += f"; if {text!r} is a class, keep it by missing=() (--missing '')"
    elif of_classes and cells is series:
        why += (
            "; if NA was a class of its file, read that by pandas.read_csv(keep_default_na=False), "
            "and keep it by missing=()"
        )
    return [left_out(count, series.name, why)]
