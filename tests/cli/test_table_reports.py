"""The page of ``fastnn train --report`` about a table."""

import numpy as np
import pandas as pd
import pytest
from pages import Page
from tables import QUICK, done, houses


def test_the_report_names_classes_and_columns(folder, tmp_path):
    path = tmp_path / "out.html"
    done(
        "train",
        folder / "data.csv",
        "--target",
        "grade",
        "--drop",
        "id,price",
        "--quiet",
        "--report",
        path,
        *QUICK,
    )
    page = Page(path.read_text(encoding="utf-8"))
    assert page.table("Confusion matrix")[0][1:4] == ["cheap", "dear", "fair"]
    head, *worst = page.table("Examples of highest loss")
    assert set(head[4:]) == {"area", "age", "garden", "city"}
    assert {cells[head.index("city")] for cells in worst} & set(houses()["city"].dropna())
    assert page.named("img") == []  # rows of a table are no pictures
    assert str(folder / "data.csv") in page.text
    settings = dict(page.table("Settings")[1:])
    assert settings["target"] == "grade"
    assert settings["columns left out"] == "id (as asked for); price (as asked for)"


@pytest.mark.parametrize("own_dev_file", [False, True])
def test_the_report_names_rows_as_a_spreadsheet_shows_them(tmp_path, own_dev_file):
    table = houses()
    table.loc[[0, 7], "price"] = np.nan  # rows without a target are not lost count of
    table.to_csv(tmp_path / "d.csv", index=False)
    dev = ["--dev", tmp_path / "d.csv"] if own_dev_file else []
    done(
        "train",
        tmp_path / "d.csv",
        "--target",
        "price",
        "--drop",
        "id,grade",
        "--quiet",
        "--report",
        tmp_path / "r.html",
        *dev,
        *QUICK,
    )
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "by their row in the data that they come from, counted from 2" in page.text
    head, *worst = page.table("Examples of highest loss")
    price = table["price"].loc[[int(cells[head.index("row")]) - 2 for cells in worst]]
    true = [float(cells[head.index("true")]) for cells in worst]
    assert price.nunique() == 12
    assert true == pytest.approx(price.to_list(), rel=1e-3)


def test_the_report_of_quantities(folder, tmp_path):
    path = tmp_path / "out.html"
    done(
        "train",
        folder / "data.csv",
        "--target",
        "price",
        "--drop",
        "id,grade",
        "--quiet",
        "--report",
        path,
        *QUICK,
    )
    page = Page(path.read_text(encoding="utf-8"))
    assert page.table("Residuals")[1][0] == "price"


@pytest.mark.parametrize("many", [False, True])
def test_the_worst_rows_of_a_report_are_those_of_the_file(tmp_path, many):
    rng = np.random.default_rng(0)
    m = 200
    days = pd.date_range("2021-01-01", periods=m).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"claimed": rng.permutation(days), "region": rng.choice(["East", "W"], m)})
    frame["paid"] = rng.integers(1, 2000, m) / 4
    frame.loc[::5, "paid"] = np.nan
    for k in range(22 * many):
        frame[f"n{k}"] = rng.integers(0, 100, m)
    frame["y"] = np.where(rng.random(m) < 0.5, "yes", "no")
    data, page = tmp_path / "d.csv", tmp_path / "r.html"
    frame.to_csv(data, index=False)
    done("train", data, "--target", "y", "--quality", "fast", "--quiet", "--report", page)
    lines = pd.read_csv(data, dtype=str, keep_default_na=False)
    head, *worst = Page(page.read_text(encoding="utf-8")).table("Examples of highest loss")
    assert len(worst) == 12
    for cells in worst:
        row = lines.iloc[int(cells[0]) - 2]
        assert cells[1] == row["y"]
        if many:
            shown = cells[head.index("values")]
            assert shown.startswith(f"claimed={row['claimed']}, region={row['region']}, paid=")
            assert shown.endswith(f"n16={row['n16']}, and 5 more")
        else:
            paid = row["paid"].removesuffix(".0")
            assert cells[4:] == [row["claimed"], row["region"], paid]
