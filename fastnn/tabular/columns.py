"""The columns of a table: inputs of a network, their kinds, and the figures learnt of them."""

import re
import zlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fastnn.tabular.values import categories, pandas, whole
from fastnn.text.words import rows

# A gap in a column of categories is this category; no text in a table equals it.
MISSING = ""
# If at least this share of the values of a text column are different, they are names or keys.
_MOSTLY = 0.9
# Names of columns that are keys if their whole numbers are all different, in so many rows or more.
_KEY = re.compile(
    r"(?i:(.*[\W_])?(ids?|keys?|index|idx|uuid|guid|row[_ ]?(names?|number|num|nr|no)?))"
    r"|.*[a-z]I[Dd]"
)
_FEWEST_KEYS = 10
# Squares of larger numbers, and their sums, could overflow float64.
_LARGEST = 1e100
# The most frequent categories have inputs of their own, up to this number.
MOST_CATEGORIES = 256
# Inputs that the others share by a hash, as in Weinberger et al. (2009).
BUCKETS = 64


@dataclass(frozen=True)
class NumericColumn:
    """A column of numbers: the input is ``(x - mean) / scale``, with `fill` for a missing x.

    Attributes
    ----------
    fill : float
        The median of the training rows.
    mean, scale : float
        Mean and standard deviation after filling; scale is 1 for a constant.
    low, high : float
        The least and the largest number of the training rows.
    missing : (mean, scale) or None
        If training rows had gaps, one more input standardizes the indicator of a gap (1 where x is
        missing, else 0) with this mean and scale.
    edges : tuple of float
        Increasing. For each bin between two of them one more input rises from 0 to 1 within the
        bin; it is 0 for a missing x. Empty: no bins.
    """

    name: str
    fill: float
    mean: float
    scale: float
    low: float
    high: float
    missing: tuple[float, float] | None = None
    edges: tuple[float, ...] = ()
    kind: ClassVar[str] = "numeric"

    @property
    def bounds(self) -> tuple[float, float]:
        """Numbers beyond them count as the bound: they are the training range, thrice as wide.

        Networks are as linear far outside their training rows as within, up to infinity.
        """
        wide = self.high - self.low
        return self.low - wide, self.high + wide


@dataclass(frozen=True)
class CategoricalColumn:
    """A column of categories: each has an input, 1 in rows of this category and 0 elsewhere.

    Attributes
    ----------
    categories : tuple of str
    rare : bool
        Whether one more input stands for all other categories, unseen ones included. Without it,
        an unseen category has 0 in all inputs.
    hashed : tuple of str
        Less frequent categories beyond `MOST_CATEGORIES`: a hash deals them to `BUCKETS` inputs.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    hashed: tuple[str, ...] = ()
    kind: ClassVar[str] = "categorical"

    @property
    def n_inputs(self) -> int:
        """The number of its inputs: categories, then buckets of the hash, then the rare ones."""
        return len(self.categories) + BUCKETS * bool(self.hashed) + self.rare

    @property
    def units(self) -> dict[str, int]:
        """The input of each category, among the inputs of the column."""
        units = {text: i for i, text in enumerate(self.categories)}
        first = len(units)
        return units | {
            text: first + zlib.crc32(text.encode(errors="surrogatepass")) % BUCKETS
            for text in self.hashed
        }


def why_left_out(series, kind, asked, written=None):
    """The reason why a typed column is useless or misleading as an input, or None.

    `asked` tells whether the user has named its kind; `written` makes a text of its numbers.
    """
    if re.fullmatch(r"Unnamed: \d+", series.name):
        return "it has no name: row numbers, most often"
    if kind == "numeric":  # pandas takes several times as long, in tables of 10,000 columns seconds
        values = series.to_numpy()
        given = int((~np.isnan(values)).sum())
        same = bool((values == values[0]).all())
    else:
        given = int(series.notna().sum())
        same = given == len(series) and series.nunique() == 1
    if not given:
        return "all its values are missing"
    if same:
        value = series.iloc[0]
        shown = f"{value:g}" if kind == "numeric" else f"{value!s:.40}"
        return f"it is {written(value) if written else shown} in all rows"
    if kind == "numeric":
        return None if asked else _why_a_key(series)
    different = len(set(categories(series)[1]))
    if different == given:
        return "all its values are different, as names or keys are"
    if not asked and series.dtype != "category" and different >= _MOSTLY * given:
        return (
            f"{different:,} of its {given:,} values are different, as names or keys are; "
            "name it as categorical to keep it"
        )
    return None


def _why_a_key(series):
    """The reason to leave out a column of numbers that counts rows or is a key, or None."""
    values = series.to_numpy()
    values = values[~np.isnan(values)]
    if len(values) < _FEWEST_KEYS or not whole(values):
        return None
    series = series.dropna()
    if not series.is_unique:
        return None
    if pandas().api.types.is_numeric_dtype(series.index.dtype):
        index = series.index.to_numpy(dtype=np.float64)
        if any((offset == offset[0]).all() for offset in (values - index, values + index)):
            return "it counts the rows; name it as numeric to keep it"
    if _KEY.fullmatch(series.name):
        return "it is a key by its name, and different in all rows; name it as numeric to keep it"
    return None


def numeric_values(frame, names):
    """(m, len(names)) float64 values of numeric columns of training, with NaN for gaps."""
    values = frame[names].to_numpy(dtype=np.float64)
    large = np.argwhere(np.abs(values) > _LARGEST)
    if large.size:
        row, j = large[0]
        raise ValueError(
            f"column {names[j]!r}: expected numbers up to {_LARGEST:g}, got {values[row, j]:g} in "
            f"row {frame.index[row]}; scale it down"
        )
    return values


def category_texts(series):
    """(m,) object array of a column's texts, NaN for gaps."""
    codes, texts = categories(series)
    return np.array([*texts, np.nan], dtype=object)[codes]


def unknown_categories(series, column):
    """A list with a sentence about categories that have no input of their own, or empty."""
    codes, texts = categories(series)
    texts, known = [*texts, MISSING], column.units  # the code of a gap, -1, takes the last
    at = np.flatnonzero(np.array([text not in known for text in texts])[codes])
    if not at.size:
        return []
    shown = f"{texts[codes[at[0]]]!r:.60}" if texts[codes[at[0]]] else "a missing value"
    then = "they count as rare" if column.rare else "all its inputs are 0 for them"
    return [
        f"Column {column.name!r}: {rows(at.size)} with categories that training has "
        f"{'hardly or ' * column.rare}never seen, as {shown} in row "
        f"{series.index[at[0]]}; {then}."
    ]
