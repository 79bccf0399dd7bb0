"""The rows of a table: which are examples, and what adds them up or counts them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.reading.dates import DateForm
from fastnn.reading.learning import learn_reading, tidy, typed
from fastnn.reading.notation import GAPS, PLAIN
from fastnn.reading.values import as_frame, as_number, check_columns, is_dates, is_numeric, whole
from fastnn.tabular.columns import how_it_counts, is_key
from fastnn.text.alarm import Alarm, gives_away
from fastnn.text.words import left_out, rows

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.reading.values import PolarsFrame

# Words in a row of totals.
_TOTAL = re.compile(
    r"(grand |sub|sub-)?(totals?|totale[ns]?|totaux|sums?|summen?|insgesamt|gesamt(summe)?|sommes?"
    r"|somm[ae]|suma|soma|итого|всего|合计|总计|合計)\W*",
    re.IGNORECASE,
)
# Totals are in the first row or in one of so many last ones. Fewer numbers can have the next as
# their sum by chance.
_FOOTERS, _FEWEST_SUMMED = 3, 10
# Numbers that were rounded before they were added differ from their sum by so much. A sum is no
# proof if one of them is half of it: 512 follows 1, 2, 4, ... 256.
_ROUNDED, _LESS = 0.001, 0.45
# An index numbers the rows of each group, or is that of a price: its rows do not belong together.
_PLACE = re.compile("(?i).*(index|idx)")
# A key has at most so many rows on average, and so many of its values are in several. By chance the
# variance within values is not below half of that of all rows, in so many rows.
_ROWS_A_KEY, _SEVERAL, _ALIKE, _MATES = 10, 0.8, 0.5, 100
# Whole numbers are classes if at most 20 are different, each in 3 rows or more on average.
_MOST_CLASSES, _ROWS_A_CLASS = 20, 3


def with_target(
    frame: pd.DataFrame | PolarsFrame, target: str, missing: Sequence[str] | None = None
) -> tuple[pd.DataFrame, int]:
    """The rows with a known target, and the number of the others.

    Parameters
    ----------
    frame : pandas or polars DataFrame
    target : str
    missing : str or sequence of str, optional
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
    known, _ = rows_with(frame, target, missing)
    return known, len(frame) - len(known)


def rows_with(frame, target, missing=None, task="auto", categorical=()):
    """The rows with a known target, and a list with a sentence on the others, or empty."""
    frame = as_frame(frame)
    check_columns([target], frame, "target")
    known, said = known_rows(frame, target, missing, task, categorical)
    return (frame if known.all() else frame[known]), said


def known_rows(
    frame: pd.DataFrame,
    target: str,
    missing: Sequence[str] | None = None,
    task: Literal["auto", "classification", "regression"] = "auto",
    categorical: str | Sequence[str] | None = (),
    cells: Callable[[], pd.Series[Any]] | None = None,
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows are examples, with a known target, and a list with sentences on others, or empty.

    Rows that hold the names of the columns are none: files were joined with their first lines.

    Marks of gaps among numbers, such as unknown beside 0 and 1, are gaps. They are classes if the
    target is `categorical`, or if the gaps of classes are told by `missing`.

    Parameters
    ----------
    cells : callable, optional
        The target as its file has it, where the frame has NaN in the place of some texts.
    """
    names = _hold_names(frame)
    if names.any():
        of_others = None if cells is None else lambda: cells()[~names]
        known, said = ~names, [_told_of_names(frame.index[names])]
        known[known], more = known_rows(
            frame[~names], target, missing, task, categorical, of_others
        )
        return known, said + more
    series = tidy(frame[target], missing)
    known = series.notna().to_numpy(dtype=bool)
    reading, of_classes = None, True
    if not named(target, categorical):
        reading = _reading_of(series)
        if isinstance(reading, DateForm):
            of_classes = False
        elif reading is not None:
            values = typed(series, reading)
            given = values.dropna()
            of_classes = task == "classification" or (
                task == "auto" and few_numbers(given, reading)
            )
            if missing is None or not of_classes:
                known = values.notna().to_numpy(dtype=bool)
    if known.all():
        return known, []
    texts = frame[target] if cells is None else cells()
    times = Counter(cell.strip() for cell in texts[~known] if isinstance(cell, str))
    del times[""]
    shown = [f"{n:,} with {text!r:.40}" for text, n in times.most_common(3)]
    others = sum(n for _, n in times.most_common()[3:])
    count = int((~known).sum())
    counted = {"with other such texts": others, "empty": count - times.total()}
    why = f": {', '.join([*shown, *(f'{n:,} {what}' for what, n in counted.items() if n)])}"
    of_classes &= missing is None
    text = next((text for text in times if text in GAPS or PLAIN.is_gap(text)), None)
    if of_classes and text is not None:
        why += f"; if {text!r} is a class, keep it by missing=() (--missing '')"
    elif of_classes and reading is None and cells is None:
        why += (
            "; if NA was a class of its file, read that by pandas.read_csv(keep_default_na=False), "
            "and keep it by missing=()"
        )
    return known, [left_out(count, target, why)]


def _hold_names(frame):
    """(m,) whether the row holds the names of the columns, in all that have no number as a name."""
    found = np.zeros(len(frame), dtype=bool)
    names = [n for n in frame.columns if as_number(n) is None and not n.startswith("Unnamed: ")]
    if len(names) < 2 or any(is_numeric(frame[name]) or is_dates(frame[name]) for name in names):
        return found  # such a row makes all columns texts
    at = np.arange(len(frame))
    for name in names:
        cells = frame[name].iloc[at]
        same = [isinstance(cell, str) and cell.strip() == name for cell in cells]
        at = at[np.array(same, dtype=bool)]
        if not at.size:
            break
    found[at] = True
    return found


def _told_of_names(index):
    """A sentence on rows that hold the names of the columns, by their index."""
    one = len(index) == 1
    more = f", and {len(index) - 1:,} more" * (not one)
    return (
        f"{rows(len(index))} that hold{'s' * one} the names of the columns {'is' if one else 'are'}"
        f" left out: row {index[0]}{more}."
    )


def totals(frame: pd.DataFrame) -> list[str]:
    """A list with a sentence on a first or last row that holds sums of the others, or empty.

    A sum of at least ten numbers that is larger than all of them is no chance. Where rows were left
    out since, the largest number of a column, beside a word such as Total, tells.
    """
    if len(frame) <= _FEWEST_SUMMED + _FOOTERS:
        return []
    numbers, texts = {}, {}
    for name, series in frame.items():
        if is_numeric(series):
            values = series.to_numpy(dtype=np.float64, na_value=np.nan)
            most = np.fmax.reduce(np.abs(values[1:-_FOOTERS]), initial=0)
            if (np.abs(values[[0, *range(-_FOOTERS, 0)]]) > most).any():
                numbers[name] = values
        elif not is_dates(series):
            texts[name] = series
    ends = [*range(len(frame) - 1, len(frame) - 1 - _FOOTERS, -1), 0]
    for at in ends if numbers else ():
        sums, largest = [], []
        for name, values in numbers.items():
            last, others = values[at], values[:at] if at else values[1:]
            others = others[~np.isnan(others)]
            total, most = others.sum(), np.abs(others).max(initial=0)
            if np.count_nonzero(others) >= _FEWEST_SUMMED and most < abs(last) < np.inf:
                largest.append(name)
                if most < _LESS * abs(total) and abs(last - total) <= _ROUNDED * abs(total):
                    sums.append(name)
        word = next(filter(None, (_word_of_totals(series, at) for series in texts.values())), "")
        of = sums or (largest if word else [])
        if of:
            shown = f" ({word!r})" if word else ""
            return [
                Alarm(
                    f"Row {frame.index[at]}{shown}, near the {'end' if at else 'beginning'} of the "
                    f"table, looks like a row of totals, as of {', '.join(map(repr, of)):.80}: it "
                    "is no example, and spoils the fit and the errors. Take it out of the table."
                )
            ]
    return []


def _word_of_totals(series, at):
    """The text of a column at a place, if it is a word such as Total, and in no other row."""
    word = series.iloc[at]
    if not isinstance(word, str) or not _TOTAL.fullmatch(word.strip()):
        return ""
    return word if (series == word).sum() == 1 else ""


def counters(columns, frame, but=()):
    """Sentences on inputs that go with the rows of the whole table, as a counter of the rows does.

    A quantity can, too: the rows may be in its order. So such a column stays an input.

    Parameters
    ----------
    columns : the inputs, as of `TableSchema.columns`
    frame : DataFrame
        All rows, in the order of the table.
    but : sequence of str
        Columns of which nothing is said.
    """
    said = []
    for column in columns:
        name = column.name
        if column.kind != "numeric" or name in but or name not in frame.columns:
            continue
        if is_numeric(frame[name]) and frame[name].dtype.kind != "b":
            how = how_it_counts(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
            if how is not None:
                said.append(
                    f"Column {name!r} {how}, as a number that counts the rows does: of new rows it "
                    f"says nothing then. Leave it out (drop={name!r}, --drop), or name it as "
                    "numeric (--numeric), if it is a quantity."
                )
    return said


def shared_keys(schema, frame):
    """Sentences on inputs that are keys by their names, each of few rows whose targets are alike.

    Rows that are dealt at random are then in training, and others of the same key are not.

    Parameters
    ----------
    schema : TableSchema
    frame : DataFrame
        All rows.
    """
    told = {name for notice in schema.notices for name in gives_away(notice)}
    said = []
    for name in schema.sources:
        if not is_key(name) or _PLACE.fullmatch(name) or repr(name) in told:
            continue
        codes = frame[name].factorize()[0]
        known = codes >= 0
        codes, n = codes[known], np.bincount(codes[known])
        if len(n) * _ROWS_A_KEY < len(codes) or (n > 1).sum() < _SEVERAL * len(n):
            continue
        y = schema.targets(frame[known], unseen=True)
        if schema.classes is None:  # ranks, so that far values count no more than others
            Z = np.unique(y, return_inverse=True)[1][:, np.newaxis]
            Z = (Z - Z.mean(axis=0)) / (Z.std() or 1)
        else:
            Z = y[:, np.newaxis] == np.unique(y)
        sums = np.zeros((len(n), Z.shape[1]))
        np.add.at(sums, codes, Z)
        within = np.square(Z * 1.0).sum() - (np.square(sums).sum(axis=1) / n).sum()
        by_chance = (n - 1).sum() * Z.var(axis=0).sum()
        if by_chance >= _MATES and within < _ALIKE * by_chance:
            said.append(
                f"Rows of one {name!r}, {len(codes) / len(n):.2g} on average, are alike in "
                f"{schema.target!r}, and are dealt to training and dev rows at random: errors are "
                f"too low for new {name!r}. If the model is for these, keep the rows of each "
                f"together (groups={name!r}, --groups)."
            )
    return said


def named(name, names):
    """Whether a name is one of `names`, which can be a single text, or None for none."""
    return name == names if isinstance(names, str) else name in (names or ())


def few_numbers(values, reading=PLAIN):
    """Whether numbers, without gaps, are whole ones of so few values that they can be classes.

    Those of quantities, such as hours, need not be whole.
    """
    few = values.nunique() <= min(_MOST_CLASSES, len(values) / _ROWS_A_CLASS)
    return few and (bool(reading.family) or whole(values.to_numpy()))


def _reading_of(series):
    try:
        return learn_reading(series, strict=True)[0]
    except ValueError:  # learn_target tells of it, where the task is known
        return None
