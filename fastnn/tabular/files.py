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

from fastnn.reading.dates import are_months, can_be_months
from fastnn.reading.notation import GAPS, has_point, has_zeros, learn_notation, means_two
from fastnn.reading.values import EXACT, as_frame, beyond_floats, marks_of_gaps, pandas

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.reading.values import PolarsFrame

_SEPARATORS = ",;\t|"
# So many rows show quickly how the fractions of a column are written.
_SAMPLE = 200
# So many bytes show which character separates the fields.
_BEGIN = 10_000
# A line that Excel takes for no row.
_SEP = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([,;\t|])"?(?:\r\n?|\n|\Z)', re.IGNORECASE)


def read_table(
    source: str | os.PathLike[str] | IO[Any] | pd.DataFrame | PolarsFrame,
    text: str | Sequence[str] = (),
    missing: Sequence[str] | None = None,
    whole: Sequence[str] = (),
) -> pd.DataFrame:
    """A table as a pandas DataFrame (needs pandas: the extra `table`).

    Parameters
    ----------
    source : path, open file, pandas or polars DataFrame
        The suffix of a path tells its format: Parquet (.parquet), or text in UTF-8 whose first line
        names the columns (.csv, .tsv, .txt; also .gz). A tab separates the columns of a .tsv file,
        else a comma, a semicolon, a tab or a bar: the one that a line "sep=;" before the names
        says, or that the rows have as often as the first line. An open file is read as CSV.
    text : sequence of str
        Columns of text files to read unchanged: 02134 stays 02134, and does not become 2134; an
        empty field is an empty text.
    missing : str or sequence of str, optional
        Fields of text files that are missing values, besides the empty one; None: those below.
    whole : sequence of str
        Columns that are known to hold integers, as `TableSchema.whole_columns` are: one with a
        field that can be thousands stays text, whatever its other fields are.

    Returns
    -------
    DataFrame
        Empty fields, NA, N/A, NaN and null are missing values. So are the fields of an empty line;
        empty lines at the end of a file are no rows. A column of numbers that can be thousands, as
        1.540 beside 950, codes, as 02134, or months, as 03.2021, stays text.

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
    options = {text} if isinstance(text, str) else set(text), marks_of_gaps(missing), set(whole)
    if hasattr(source, "read"):
        data, path = source.read(), str(getattr(source, "name", "the table"))
        return _read_text(data if isinstance(data, bytes) else data.encode(), path, *options)
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
    with opener(path, "rb") as file:
        try:
            data = file.read()
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: not a whole gzip file: {error}; copy it again") from error
    return _read_text(data, path, *options)


def _read_text(data, path, text, missing, whole):
    pd = pandas()
    _check_encoding(data, path)
    named = _SEP.match(data)
    if named:
        data = data[named.end() :]
    lines, begin = _first_record(data, path)
    rows = data[begin : begin + _BEGIN].decode(errors="ignore")
    separator, names = _separator_and_names(lines, path, rows, named and named[1].decode())
    body = data[begin:].rstrip(b"\r\n")  # empty lines at the end are no rows
    gaps = ["", *(GAPS if missing is None else missing)]
    na_values = {name: gaps for name in names if name not in text}
    unchanged = [name for name in names if name in text]
    blanks = _begin_with(body, separator, b" ")
    options = {"sep": separator, "header": None, "names": names, "index_col": False}
    options |= {"skip_blank_lines": False, "low_memory": False, "keep_default_na": False}
    options |= _precision(pd)
    tidied = options | {"na_values": na_values, "skipinitialspace": blanks}
    try:
        with warnings.catch_warnings():
            # Where the first row has more fields than there are names, pandas would drop some.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(io.BytesIO(body), dtype=dict.fromkeys(unchanged, str), **tidied)
        if unchanged and blanks:
            bare = _without_blanks_before_quotes(body, separator)
            of_text = pd.read_csv(io.BytesIO(bare), usecols=unchanged, dtype=str, **options)
            for name, series in of_text.items():
                frame[name] = series
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        columns = "1 column" if len(names) == 1 else f"{len(names):,} columns"
        raise ValueError(
            f"{path}: not a table of {columns}: {_what_is_wrong(error)}; correct the file"
        ) from error
    numbers = frame[list(na_values)].select_dtypes(["int64", "float64"])
    doubtful = _may_have_to_stay(body, separator, numbers, whole, tidied)
    if doubtful:
        of_text = pd.read_csv(io.BytesIO(body), usecols=doubtful, dtype=str, **tidied)
        for name, series in of_text.items():
            counts = series.value_counts().to_dict()
            if _has_to_stay(counts, name in whole):
                frame[name] = series
    return frame


def _has_to_stay(counts, whole):
    """Whether the texts of a column, {text: count}, can mean other numbers, codes or months."""
    if any(map(has_zeros, counts)) or are_months(counts) or beyond_floats(list(counts)):
        return True
    return any(map(means_two, counts)) if whole else learn_notation(counts)[1] is not None


def _may_have_to_stay(body, separator, numbers, whole, options):
    """The names of the columns of `numbers` with texts that can be other numbers, codes or months.

    Their texts are to be seen, which takes longer than all the rest: few columns may be named.
    """
    integers, integral, broken, months = [], [], [], []  # the last two have fractions
    for name, series in numbers.items():
        values = series.to_numpy()
        if values.dtype == np.int64:
            integers.append(name)
            continue
        values = np.abs(values[np.isfinite(values)])
        parts = values[values != np.floor(values)]
        if name in whole or (values.size and not parts.size):
            integral.append(name)
            continue
        if parts.size and can_be_months(values):
            months.append(name)
            continue
        # 1.540 can be 1540; 0.154, 1540.5 and 1.5401 cannot.
        thousands = parts * 1000
        sure = (parts < 1) | (parts >= 1000) | (np.abs(thousands - np.round(thousands)) > 1e-6)
        if parts.size and not sure.any():
            broken.append(name)
    if (integers or integral or broken) and _have_zeros(body, separator):
        return integers + integral + broken + months
    thousands = b".000" in body
    doubtful = [
        name
        for name in integral
        if thousands or (name in whole and b"." in body) or numbers[name].abs().max() >= EXACT
    ]
    return doubtful + months + _without_proof(body, broken, options)


def _have_zeros(body, separator):
    """Whether a field can be digits that begin with a 0, as 02134 is."""
    before = [separator.encode(), b"\n", *(mark for mark in (b"\r", b'"', b" ") if mark in body)]
    return re.match(rb' *"?0\d', body) is not None or any(
        re.search(re.escape(mark) + rb'0\d+"? *(?:[%b\r\n]|\Z)' % separator.encode(), body)
        for mark in before
    )


def _without_proof(body, names, options):
    """The columns with first texts that do not show a decimal point."""
    if not names:
        return []
    first = pandas().read_csv(io.BytesIO(body), usecols=names, nrows=_SAMPLE, dtype=str, **options)
    return [name for name, series in first.items() if not any(map(has_point, series.dropna()))]


def _begin_with(body, separator, start):
    """Whether a field can begin with these bytes."""
    if start not in body:  # quickly told
        return False
    marks = (separator.encode(), b"\n", b"\r")
    return body.startswith(start) or any(mark + start in body for mark in marks)


def _without_blanks_before_quotes(body, separator):
    """Quoted fields are told from the others, in which a quote is a character like any other."""
    quoted = rb'(\A|[%b\r\n]) *("[^"]*+(?:""[^"]*+)*+")' % separator.encode()
    return re.sub(quoted, rb"\1\2", body)


def _precision(pd):
    """The option by which pandas reads numbers to the last bit; from 3.1 on it always does."""
    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    return {"float_precision": "round_trip"} if old else {}


def _check_encoding(data, path):
    try:
        data.decode()
    except UnicodeDecodeError as error:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
        raise ValueError(
            f"{path}: not text in UTF-8 ({error.reason}: byte 0x{data[error.start]:02x}); "
            f"save it as UTF-8, or convert it: iconv -f {encoding} -t utf-8"
        ) from error


def _first_record(data, path):
    """The lines of the column names, several if a quoted name spans lines; and where they end."""
    lines, quotes, end = [], 0, 0
    for line in re.finditer(rb"[^\r\n]*(?:\r\n?|\n|\Z)", data):
        if not line[0]:
            break
        lines.append(line[0].decode().removeprefix("\ufeff"))  # a byte order mark is no name's
        quotes, end = quotes + line[0].count(b'"'), line.end()
        if quotes % 2 == 0:
            break
    if quotes % 2:
        raise ValueError(f"{path}: the quotes of a column name are not closed; correct the file")
    if not "".join(lines).strip():
        raise ValueError(
            f"{path}: the {'first line' if lines else 'table'} is empty; expected column names, "
            "then rows"
        )
    return lines, end


def _separator_and_names(lines, path, rows, named):
    tabs = not named and path.lower().removesuffix(".gz").endswith(".tsv")
    try:
        separator, names = _names(lines, rows, named or ("\t" if tabs else _SEPARATORS))
        if tabs and len(names) == 1 and len(_names(lines, rows, _SEPARATORS)[1]) > 1:
            raise ValueError(
                f"{path}: expected tabs between the columns of a .tsv file, got "
                f"{lines[0].strip()!r:.80}; rename it to .csv"
            )
    except csv.Error as error:
        raise ValueError(
            f"{path}: not the names of columns: {error}; correct the first line"
        ) from error
    _check_names(names, path)
    return separator, names


def _names(lines, rows, separators):
    """The separator and the names; `rows` are the first ones, the last of them cut."""
    # Separators are counted, not tried: with a wrong one the line can be a field too long for csv.
    first = re.sub(r'"[^"]*"', "", "".join(lines))
    bare = re.sub(r'"[^"]*(?:"|\Z)', "", rows).splitlines()
    bare = [row for row in (bare[:-1] or bare) if row.strip()]

    def fits(mark):  # names can have commas, and rows decimal commas
        n = first.count(mark)
        return sum(n == row.count(mark) for row in bare) if n else -1, n

    separator = max(separators, key=fits)
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
