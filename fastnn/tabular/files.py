"""Reading of tables from files, as pandas DataFrames."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from fastnn.tabular.notation import GAPS, has_zeros, learn_notation
from fastnn.tabular.values import as_frame, pandas

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.values import PolarsFrame

_SEPARATORS = ",;\t|"


def read_table(
    source: str | os.PathLike[str] | IO[Any] | pd.DataFrame | PolarsFrame,
    text: str | Sequence[str] = (),
    missing: Sequence[str] | None = None,
) -> pd.DataFrame:
    """A table as a pandas DataFrame (needs pandas: the extra `table`).

    Parameters
    ----------
    source : path, open file, pandas or polars DataFrame
        The suffix of a path tells its format: Parquet (.parquet), or text in UTF-8 whose first line
        names the columns (.csv, .tsv, .txt; also .gz). A tab separates the columns of a .tsv file,
        else the separator of the first line: a comma, a semicolon, a tab or a bar. An open file
        is read as CSV.
    text : sequence of str
        Columns of text files to read unchanged: 02134 stays 02134, and does not become 2134; an
        empty field is an empty text.
    missing : sequence of str, optional
        Fields of text files that are missing values, besides the empty one; None: those below.

    Returns
    -------
    DataFrame
        Empty fields, NA, N/A, NaN and null are missing values. So are the fields of an empty line;
        empty lines at the end of a file are no rows. A column of numbers that can be thousands, as
        1.540 beside 950, or codes, as 02134, stays text.

    Raises
    ------
    OSError
        The file is not there, or cannot be read.
    ValueError
        It is not a table: it is empty or not UTF-8, a row has more fields than there are names
        (fields that lack at the end of a row are missing values), or two columns have one name.
        Messages count rows as a spreadsheet does: the names are row 1.
    ImportError
        pandas is missing.

    Examples
    --------
    >>> import io
    >>> from fastnn.tabular import read_table
    >>> read_table(io.StringIO("area;zip\\n54;02134\\n;10001\\n"), text=["zip"])
       area    zip
    0  54.0  02134
    1   NaN  10001
    """
    if hasattr(source, "read"):
        return _read_open(source, text, missing)
    if not isinstance(source, str | os.PathLike):
        return as_frame(source)
    path = os.fsdecode(source)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a directory; give the path of a table")
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix not in (".csv", ".tsv", ".txt"):
        raise ValueError(
            f"expected a table as .csv, .tsv, .txt (also .gz) or .parquet, got {path}; rename it"
        )
    opener = gzip.open if path.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return _read_text(file, path, text, missing)


def _read_open(file, text, missing):
    name = str(getattr(file, "name", "the table"))
    if not isinstance(file.read(0), bytes):
        return _read_text(file, name, text, missing)
    decoded = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        return _read_text(decoded, name, text, missing)
    finally:
        decoded.detach()  # else Python closes the caller's file with it


def _read_text(file, path, text, missing):
    pd = pandas()
    gaps = ["", *(GAPS if missing is None else missing)]
    as_text = {text} if isinstance(text, str) else set(text)
    try:
        # The names are read separately: pandas would silently rename a second "x" to "x.1".
        tabs = path.lower().removesuffix(".gz").endswith(".tsv")
        lines = _first_record(file, path)
        separator, names = _names(lines, "\t" if tabs else _SEPARATORS)
        if tabs and len(names) == 1 and len(_names(lines, _SEPARATORS)[1]) > 1:
            raise ValueError(
                f"{path}: expected tabs between the columns of a .tsv file, got "
                f"{lines[0].strip()!r:.80}; rename it to .csv"
            )
        _check_names(names, path)
        unchanged = [name for name in names if name in as_text]
        rest = file.read().rstrip("\r\n")  # empty lines at the end are no rows
        options = {"sep": separator, "header": None, "names": names, "index_col": False}
        options |= {"skip_blank_lines": False, "low_memory": False, "keep_default_na": False}
        options |= _precision(pd)
        na_values = {name: gaps for name in names if name not in as_text}
        with warnings.catch_warnings():
            # Where the first row has more fields than there are names, pandas would drop some.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                _Text(rest),
                na_values=na_values,
                dtype=dict.fromkeys(unchanged, str),
                skipinitialspace=True,
                **options,
            )
        if unchanged and re.search(rf"(?:\A|[{separator}\r\n]) ", rest):
            bare = _without_blanks_before_quotes(rest, separator)
            for name, series in pd.read_csv(
                _Text(bare), usecols=unchanged, dtype=str, **options
            ).items():
                frame[name] = series
        field = rf'(?:\A|[{separator}\r\n]) *"?0\d+"? *(?:[{separator}\r\n]|\Z)'
        zeros = re.search(field, rest) is not None
        doubtful = [
            name for name in names if name not in as_text and _may_be_more(frame[name], zeros)
        ]
        if doubtful:
            options |= {"usecols": doubtful, "dtype": str, "skipinitialspace": True}
            for name, series in pd.read_csv(_Text(rest), na_values=na_values, **options).items():
                counts = series.value_counts().to_dict()
                if any(map(has_zeros, counts)) or learn_notation(counts)[1] is not None:
                    frame[name] = series
        return frame
    except UnicodeDecodeError as error:
        encoding = "utf-16" if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
        raise ValueError(
            f"{path}: not text in UTF-8 ({error.reason}: byte 0x{error.object[error.start]:02x}); "
            f"save it as UTF-8, or convert it: iconv -f {encoding} -t utf-8"
        ) from error
    except csv.Error as error:
        raise ValueError(
            f"{path}: not the names of columns: {error}; correct the first line"
        ) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        columns = "1 column" if len(names) == 1 else f"{len(names):,} columns"
        raise ValueError(
            f"{path}: not a table of {columns}: {_what_is_wrong(error)}; correct the file"
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file: {error}; copy it again") from error


def _without_blanks_before_quotes(text, separator):
    """Quoted fields are told from the others, in which a quote is a character like any other."""
    quoted = rf'(\A|[{separator}\r\n]) *("[^"]*+(?:""[^"]*+)*+")'
    return re.sub(quoted, r"\1\2", text)


def _precision(pd):
    """The option by which pandas reads numbers to the last bit; from 3.1 on it always does."""
    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    return {"float_precision": "round_trip"} if old else {}


def _may_be_more(series, zeros):
    """Whether thousands can be among the numbers of a column, as 1.540 beside 950 is.

    Or codes, where some column has leading `zeros`.
    """
    if series.dtype != np.float64:
        return zeros and series.dtype == np.int64
    values = np.abs(series.to_numpy())
    parts = values[values != np.floor(values)]
    thousands = parts * 1000
    sure = (parts < 1) | (parts >= 1000) | (np.abs(thousands - np.round(thousands)) > 1e-6)
    return not sure[np.isfinite(parts)].any()


class _Text:
    """A text as a file. `io.StringIO` would take four bytes for each of its characters."""

    def __init__(self, text):
        self._text, self._at = text, 0

    def __iter__(self):
        return iter(self.read, "")

    def read(self, size=1 << 18):
        """The next characters, "" at the end."""
        begin, self._at = self._at, self._at + size
        return self._text[begin : self._at]


def _first_record(file, path):
    """The lines of the column names: several, if a quoted name spans lines."""
    lines, quotes = [], 0
    for line in file:
        lines.append(line.removeprefix("\ufeff"))  # a byte order mark is not part of a name
        quotes += line.count('"')
        if quotes % 2 == 0:
            break
    if quotes % 2:
        raise ValueError(f"{path}: the quotes of a column name are not closed; correct the file")
    if not "".join(lines).strip():
        raise ValueError(
            f"{path}: the {'first line' if lines else 'table'} is empty; expected column names, "
            "then rows"
        )
    return lines


def _names(lines, separators):
    """The separator and the names."""
    # Separators are counted, not tried: with a wrong one the line can be a field too long for csv.
    bare = re.sub(r'"[^"]*"', "", "".join(lines))
    separator = max(separators, key=bare.count)
    fields = next(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    # "Unnamed: 0" is pandas's name for a column without a name, most often row numbers.
    return separator, [name.strip() or f"Unnamed: {i}" for i, name in enumerate(fields)]


def _what_is_wrong(error):
    """The message of pandas, but rows count as in a spreadsheet, where the names are row 1."""
    said = str(error).strip()
    if many := re.search(r"Expected \d+ fields in line (\d+), saw (\d+)", said):
        return f"row {int(many[1]) + 1} has {many[2]} fields"
    if still_open := re.search(r"EOF inside string starting at row (\d+)", said):
        return f"row {int(still_open[1]) + 2} has quotes that are not closed"
    if said.startswith("Length of header or names does not match"):
        return "row 2 has more fields"
    return said


def check_parquet():
    """An error that says how to install pyarrow, where Parquet files cannot be used."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow; install it with: pip install 'fastnn-cpu[table]'"
        ) from error


def _read_parquet(path):
    pd = pandas()
    check_parquet()
    with open(path, "rb"):  # raises the OSError that pyarrow would hide
        pass
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (ValueError, OSError) as error:  # pyarrow's own errors are among them
        raise ValueError(f"{path}: not a whole Parquet file: {str(error)[:200]}") from error
    _check_names(list(frame.columns), path)
    return frame.reset_index(drop=True)


def _check_names(names, path):
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{path}: several columns are named {twice[0]!r}; rename them")
