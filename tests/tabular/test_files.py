"""Tables from files: what is read, and what is said of files that are not tables."""

import builtins
import gzip
import io

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fastnn.tabular import TableSchema, read_table

FRAME = pd.DataFrame(
    {
        "area": [54.0, np.nan, 71.5],
        "city": ["Łódź", "Oslo", 'a "b", c'],
        "zip": ["02134", "10001", "00501"],
        "rooms": [2, 3, 4],
    }
)


def same(read, expected=FRAME):
    pd.testing.assert_frame_equal(read, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("name", "separator"),
    [
        ("t.csv", ","),
        ("t.CSV", ","),
        ("t.csv", ";"),
        ("t.csv", "|"),
        ("t.tsv", "\t"),
        ("t.txt", "\t"),
        ("t.csv.gz", ","),
        ("t.tsv.gz", "\t"),
    ],
)
def test_text_files(tmp_path, name, separator):
    path = tmp_path / name
    FRAME.to_csv(path, sep=separator, index=False)
    same(read_table(path, text=["zip", "not there"]))
    same(read_table(str(path)))  # the zeros of 02134 may be part of a code


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.set_index("rooms", drop=False).to_parquet(path)
    same(read_table(path))
    pl.from_pandas(FRAME).write_parquet(path)
    same(read_table(path))


def test_open_files_and_frames():
    text = FRAME.to_csv(index=False)
    same(read_table(io.StringIO(text), text=("zip",)))
    same(read_table(io.StringIO("\ufeff" + text), text=["zip"]))
    binary = io.BytesIO(text.encode("utf-8-sig"))
    same(read_table(binary, text=["zip"]))
    assert not binary.closed
    with pytest.raises(ValueError, match="the table: not text in UTF-8"):
        read_table(io.BytesIO(text.encode("utf-16")))
    same(read_table(pl.from_pandas(FRAME)))
    assert read_table(FRAME) is FRAME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffa,b\n1,2\n", {"a": [1], "b": [2]}),  # byte order mark
        ('a,"b\nc"\n1,"x\ny"\n', {"a": [1], "b\nc": ["x\ny"]}),  # quoted newlines
        ('"a, first";b\n1;2\n', {"a, first": [1], "b": [2]}),
        (" a , b\n 1 , x\n", {"a": [1], "b": ["x"]}),
        ("a\n1\n2\n", {"a": [1, 2]}),
        ("a,b\r\n1,2\r\n", {"a": [1], "b": [2]}),
        (",a\n0,5\n1,6\n", {"Unnamed: 0": [0, 1], "a": [5, 6]}),  # as to_csv writes
        ("a,b\n1,2\n3\n", {"a": [1, 3], "b": [2, np.nan]}),
        ("a,b\n,NA\nnull,n/a\n", {"a": [np.nan] * 2, "b": [np.nan] * 2}),
        ("a,b\n1,2\n\n3,4\n\n\r\n\n", {"a": [1, np.nan, 3], "b": [2, np.nan, 4]}),
        ("a\n1\n\n3\n", {"a": [1, np.nan, 3]}),
        ("a,b\nx,None\ny,1\n", {"a": ["x", "y"], "b": ["None", "1"]}),
        ("a,b\n", {"a": [], "b": []}),
    ],
)
def test_forms_of_text(tmp_path, text, expected):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    same(read_table(path), pd.DataFrame(expected, dtype=None if expected.get("a") else object))


def test_columns_that_are_read_unchanged(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n007,NA\n,1.50 \n")
    assert read_table(path, text=["a", "b"]).to_numpy().tolist() == [["007", "NA"], ["", "1.50 "]]


def test_missing_values_can_be_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n-999,NA\n3,DE\n")
    same(read_table(path, missing=["-999"]), pd.DataFrame({"a": [np.nan, 3], "b": ["NA", "DE"]}))


def test_a_tsv_is_split_at_tabs(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("name, first\tage\nAda, A\t36\n")
    same(read_table(path), pd.DataFrame({"name, first": ["Ada, A"], "age": [36]}))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Price, EUR;y\n12;1\n13;2\n", ["Price, EUR", "y"]),
        ("Price, EUR, net;y\n12,5;1\n13;2\n", ["Price, EUR, net", "y"]),
        ('Price, EUR;y\n\n"12,5";1\n13;2', ["Price, EUR", "y"]),
        ("a;b;c,y\n1,2\n3,4\n", ["a;b;c", "y"]),
        ("a,b|c\td\ty\n1\t2\t3\n", ["a,b|c", "d", "y"]),
        ("a,b;c,y\n1,2\n", ["a", "b;c", "y"]),  # no separator fits: the most frequent one
        ("Price, EUR;y\n", ["Price", "EUR;y"]),
        ('a,y\n"1\n2;3;4",5\n', ["a", "y"]),
    ],
)
def test_the_rows_tell_which_character_separates(text, names):
    assert list(read_table(io.StringIO(text)).columns) == names


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "\ufeffSEP=;", "sep=;\r"])
def test_a_first_line_of_excel_names_the_separator(tmp_path, first):
    path = tmp_path / "t.csv"
    path.write_text(f"{first}\na, b, c;y\n1;2\n3;4\n", encoding="utf-8")
    same(read_table(path), pd.DataFrame({"a, b, c": [1, 3], "y": [2, 4]}))
    path.write_text("sep=;\n")
    with pytest.raises(ValueError, match="the table is empty; expected column names"):
        read_table(path)


def test_an_empty_end_longer_than_a_read_is_no_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n" + "\n" * 1_000_000)
    same(read_table(path), pd.DataFrame({"a": [1], "b": [2]}))


@pytest.mark.slow
def test_names_of_more_letters_than_a_field_may_have(tmp_path):
    path = tmp_path / "t.csv"
    names = [f"gene number {i}" for i in range(20_000)]
    path.write_text(",".join(names) + "\n" + ",".join("1" * len(names)) + "\n")
    assert list(read_table(path).columns) == names


def test_integers_that_no_integer_type_has_are_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n99999999999999999999999,2.5\n3,4.5\n4,1.5\n")
    schema = TableSchema.fit(read_table(path), target="y")
    assert schema.input_names == ["a"]
    X = schema.inputs(read_table(path))
    np.testing.assert_allclose(X[:, 0], [2**0.5, -(0.5**0.5), -(0.5**0.5)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the table is empty; expected column names, then rows"),
        (b"\n\n", "the first line is empty; expected column names"),
        (b"\na,b\n1,2\n", "the first line is empty; expected column names"),
        (b"a,b\n1,2\n3,4,5\n", "not a table of 2 columns: row 3 has 3 fields; correct the file"),
        (b'"a\nc",b\n1,"x\ny"\n\n3,4,5\n', "not a table of 2 columns: row 4 has 3 fields"),
        (b"a,b\n1,2,3\n", "not a table of 2 columns: row 2 has more fields"),
        (b'a,b\n1,2\n1,"2\n', "not a table of 2 columns: row 3 has quotes that are not closed"),
        (b'"' + 200_000 * b"a" + b'",b\n1,2\n', "not the names of columns: field larger than"),
        ("a,b\n1,Malmö\n".encode("latin1"), "not text in UTF-8 .*byte 0xf6.*iconv"),
        ("a,Malmö\n1,2\n".encode("utf-16"), "not text in UTF-8 .*iconv -f utf-16 "),
        (b'a,"b\n1,2\n3,4\n', "the quotes of a column name are not closed"),
        (b"a,b,a\n1,2,3\n", "several columns are named 'a'; rename them"),
    ],
)
def test_text_that_is_no_table(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"t\.csv: {message}"):
        read_table(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv.gz", b"a,b\n1,2\n", "not a whole gzip file"),
        (
            "t.csv.gz",
            gzip.compress(b"a,b\n" + b"1,2\n" * 99, mtime=0)[:-12],
            "not a whole gzip file",
        ),
        ("t.parquet", b"PAR1 and no more", "not a whole Parquet file"),
        ("t.parquet", b"", "not a whole Parquet file"),
    ],
)
def test_damaged_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}: {message}"):
        read_table(path)


def test_files_that_are_not_there(tmp_path):
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        with pytest.raises(FileNotFoundError, match=name):
            read_table(tmp_path / name)
    with pytest.raises(IsADirectoryError, match="is a directory; give the path of a table"):
        read_table(tmp_path)
    with pytest.raises(ValueError, match=r"as \.csv.* got .*t\.xlsx; rename it"):
        read_table(tmp_path / "t.xlsx")
    with pytest.raises(TypeError, match="expected a pandas or polars DataFrame, got int"):
        read_table(3)


@pytest.mark.parametrize(("missing", "name"), [("pandas", "t.csv"), ("pyarrow", "t.parquet")])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, missing, name):
    path = tmp_path / name
    (FRAME.to_csv if name.endswith("csv") else FRAME.to_parquet)(path)
    real = builtins.__import__

    def without(module, *rest):
        if module.split(".")[0] == missing:
            raise ImportError(f"No module named {module!r}")
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=rf"need {missing}; .*fastnn-cpu\[table\]"):
        read_table(path)


def test_numbers_are_read_to_the_last_bit():
    rng = np.random.default_rng(0)
    values = rng.normal(size=2000) * 10.0 ** rng.integers(-20, 20, 2000)
    text = "x\n" + "\n".join(map(repr, values.tolist()))
    np.testing.assert_array_equal(read_table(io.StringIO(text))["x"], values)


def test_a_tsv_file_with_commas_is_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"expected tabs .* got 'x,y'; rename it to .csv"):
        read_table(path)
    path.write_text("x\n1\n")
    assert read_table(path).columns.tolist() == ["x"]


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_columns_that_are_read_unchanged_keep_their_blanks(separator):
    """Blanks before quotes are outside of the cell; within quotes nothing is."""
    lines = [
        ["id", ' "note"', " n"],
        ["  7", f' "a{separator} ""b""{separator} ""\n "', " 1"],
        [" 02 ", ' 5" "x"', "  NA"],
        ["", "  ", "3"],
        ['"  8"', ' "" ', ' "4"'],
    ]
    text = "".join(separator.join(line) + "\n" for line in lines)
    for file in (io.StringIO(text), io.BytesIO(text.encode())):
        frame = read_table(file, text=["note", "id"])
        assert frame["id"].tolist() == ["  7", " 02 ", "", "  8"]
        note = f'a{separator} "b"{separator} "\n '
        assert frame["note"].tolist() == [note, ' 5" "x"', "  ", " "]
        np.testing.assert_equal(frame["n"].tolist(), [1, np.nan, 3, 4])


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        (("1.540", "950", "NA"), True),
        (("1.000", "2.000", "950"), True),
        (("1.540", "2.125"), False),
        (("1.540", "950", "0.950"), False),
        (("1.540", "950", "1.5"), False),
        (("1.540", "950", "1234.567"), False),
        (("950", "", "7"), False),
        (("05948", "10001"), True),
        (("05948", "", "7"), True),
        (('"05948"', "7"), True),
        (("0", "0.5", "10"), False),
    ],
)
def test_numbers_that_can_be_thousands_stay_text(fields, stays):
    frame = read_table(io.StringIO("a,b\n" + "".join(f"{field},1\n" for field in fields)))
    known = [field.strip('"') for field in fields if field not in ("", "NA")]
    assert frame["a"].dropna().tolist() == (known if stays else list(map(float, known)))
    assert frame["a"].isna().sum() == len(fields) - len(known)


@pytest.mark.parametrize(
    "numbers", ["2.000\n3.000", "2.500\n3.125", "2.000\n\n3.000", "2.5\n1.540"]
)
@pytest.mark.parametrize("whole", [[], ["a"]])
def test_columns_that_are_known_to_be_whole_keep_what_can_be_thousands(numbers, whole):
    frame = read_table(
        io.StringIO(f"a,b\n{numbers.replace(chr(10), ',0.5' + chr(10))},0.5"), whole=whole
    )
    assert (frame["a"].dtype == np.float64) == (not whole)
    assert frame["b"].dtype == np.float64


@pytest.mark.parametrize("fields", ["7\n12", "7\n\n12", "7.5\n12.25", "1000.125\n2.5"])
def test_columns_that_are_known_to_be_whole_have_other_numbers_as_numbers(fields):
    frame = read_table(io.StringIO("b,a\n0.000," + fields.replace("\n", "\n0.000,")), whole=["a"])
    assert [float(v) for v in frame["a"].dropna()] == [float(v) for v in fields.split()]
    assert frame["b"].dtype == np.float64


def test_a_decimal_point_far_down_is_found():
    lines = ["1.540", *["950"] * 400, "1.5"]
    assert read_table(io.StringIO("a\n" + "\n".join(lines)))["a"].dtype == np.float64
    lines[-1] = "2.500"
    assert read_table(io.StringIO("a\n" + "\n".join(lines)))["a"].tolist() == lines
