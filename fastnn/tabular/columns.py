"""The columns of a table: inputs of a network, their kinds, and the figures learnt of them."""

import re
import zlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fastnn.reading.values import categories, pandas, whole
from fastnn.tabular.target_means import TargetMeans
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
# Fewer numbers can be in order, or all the numbers of a range, by chance.
_FEWEST_COUNTED = 20
# The first rows show of most columns that they count nothing.
_LOOK = 200
_UNNAMED = re.compile(r"Unnamed: \d+")
# Reasons to leave a column out.
_NO_NAME, _NO_VALUES = "it has no name: row numbers, most often", "all its values are missing"
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
    means : TargetMeans or None
        Of the categories without an input of their own, where they tell something of the target.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    hashed: tuple[str, ...] = ()
    means: TargetMeans | None = None
    kind: ClassVar[str] = "categorical"

    @property
    def n_units(self) -> int:
        """The number of inputs that are 1 or 0: categories, buckets of the hash, rare ones."""
        return len(self.categories) + BUCKETS * bool(self.hashed) + self.rare

    @property
    def n_inputs(self) -> int:
        """The number of its inputs: those of 1 or 0, then the mean targets."""
        return self.n_units + (len(self.means.names) if self.means else 0)

    @property
    def other(self) -> int:
        """The input of other categories than those of `units`; -1 where there is none."""
        return self.n_units - 1 if self.rare else -1

    @property
    def units(self) -> dict[str, int]:
        """The input of each category, among the inputs of the column."""
        units = {text: i for i, text in enumerate(self.categories)}
        first = len(units)
        return units | {
            text: first + zlib.crc32(text.encode(errors="surrogatepass")) % BUCKETS
            for text in self.hashed
        }


def is_key(name):
    """Whether a column is a key by its name, as patient_id is."""
    return _KEY.fullmatch(name) is not None


def arrays_of(frame, names):
    """{name: (m,) float64 values} of columns of numbers; pandas is slow for one after the other."""
    return dict(zip(names, frame[names].to_numpy(dtype=np.float64).T, strict=True))


def why_texts_left_out(series, asked):
    """The reason why a column of categories is useless or misleading as an input, or None.

    `asked` tells whether the user has named its kind.
    """
    if _UNNAMED.fullmatch(series.name):
        return _NO_NAME
    given = int(series.notna().sum())
    if not given:
        return _NO_VALUES
    if given == len(series) and series.nunique() == 1:
        return f"it is {series.iloc[0]!s:.40} in all rows"
    different = len(set(categories(series)[1]))
    if different == given:
        return "all its values are different, as names or keys are"
    if not asked and series.dtype != "category" and different >= _MOSTLY * given:
        return (
            f"{different:,} of its {given:,} values are different, as names or keys are; "
            "name it as categorical to keep it"
        )
    return None


def why_numbers_left_out(name, values, index, asked, written):
    """The reason why a column of numbers is useless or misleading as an input, or None.

    Parameters
    ----------
    name : str
    values : (m,) float64 array
    index : Index
        Of the table.
    asked : bool
        Whether the user has named its kind.
    written : callable
        Makes a text of one of its numbers.
    """
    if _UNNAMED.fullmatch(name):
        return _NO_NAME
    gaps = np.isnan(values)
    if gaps.all():
        return _NO_VALUES
    if (values == values[0]).all():
        return f"it is {written(values[0])} in all rows"
    known = values[~gaps]
    if asked or len(known) < _FEWEST_KEYS or (known != np.floor(known)).any():
        return None
    different = len(np.unique(known))
    if different == len(known):
        if pandas().api.types.is_numeric_dtype(index.dtype):
            at = index.to_numpy(dtype=np.float64)[~gaps]
            if any((offset == offset[0]).all() for offset in (known - at, known + at)):
                return "it counts the rows; name it as numeric to keep it"
    elif different < _MOSTLY * len(known) or re.fullmatch("(?i).*(index|idx)", name):
        return None  # the index of a price, or of heat, hardly repeats
    if is_key(name):
        many = "all" if different == len(known) else "nearly all"
        return (
            f"it is a key by its name, and different in {many} rows; name it as numeric to keep it"
        )
    return None


def how_it_counts(values):
    """How a column of numbers (m,), in the order of the table, goes as a counter does; or None.

    Of a counter with holes, or with a few rows twice, nearly all values differ, and nearly all are
    larger than the one before. One of rows that were shuffled has nearly all numbers of a range.
    """
    for some in (values[:_LOOK], values):  # most columns are quickly told
        some = some[~np.isnan(some)]
        if len(some) < _FEWEST_COUNTED or not whole(some):
            return None
        if len(np.unique(some)) < _MOSTLY * len(some):
            return None
    if np.abs(np.sign(np.diff(some)).sum()) >= _MOSTLY * (len(some) - 1):
        return f"{'rises' if some[-1] > some[0] else 'falls'} from row to row"
    low, high = some.min(), some.max()
    if _MOSTLY * (high - low + 1) <= len(some):
        return f"has nearly every number from {low:.0f} to {high:.0f} once"
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
