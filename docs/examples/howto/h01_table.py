"""
A table from CSV to prediction
==============================

You have a CSV file, with numbers, words and gaps. You want a model that predicts a column, an
honest estimate of its error, and predictions for new rows. Nothing has to be prepared."""

# %%
# First a file to work with: flats, with their prices. Some fields are empty.

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

folder = Path(tempfile.mkdtemp())


def flats(m, seed):
    rng = np.random.default_rng(seed)
    area = rng.gamma(9, 8, m).round(1)
    rooms = np.clip((area / 25 + rng.normal(0, 0.7, m)).round(), 1, 8)
    city = rng.choice(["Oslo", "Rome", "Lyon", "Ghent"], m, p=[0.4, 0.3, 0.2, 0.1])
    heating = rng.choice(["gas", "heat pump", "district"], m)
    built = rng.integers(1890, 2025, m)
    per_m2 = pd.Series(city).map({"Oslo": 8.2, "Rome": 4.1, "Lyon": 5.0, "Ghent": 3.6}).to_numpy()
    price = area * per_m2 * (1 + (built > 2000) * 0.2) + 15 * (heating == "heat pump")
    frame = pd.DataFrame(
        {"area": area, "rooms": rooms, "city": city, "heating": heating, "built": built}
    )
    frame["price"] = (price * rng.lognormal(0, 0.07, m)).round(1)
    frame.loc[rng.random(m) < 0.1, "heating"] = None
    frame.loc[rng.random(m) < 0.05, "area"] = None
    return frame


flats(1500, 0).to_csv(folder / "flats.csv", index=False)
flats(5, 1).drop(columns="price").to_csv(folder / "new.csv", index=False)
flats(1500, 0).head()

# %%
# On the command line
# -------------------
#
# ``fastnn train`` divides the rows, fills gaps, makes categories into inputs, scales the numbers,
# trains twelve networks with early stopping, takes their mean, and says what to do next. All that
# it has learnt of the columns is in the model file. ``--quality fast`` trains two networks; with an
# option of one network, such as ``--hidden 32``, that one is trained.


def shell(command):
    print("$", command)
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, shell=True, cwd=folder, text=True, **both)
    if done.returncode:
        raise RuntimeError(done.stdout)
    print(done.stdout)


shell("fastnn train flats.csv --target price --save flats.safetensors --report flats.html")

# %%
# ``flats.html`` is a page with curves, errors and the rows that are predicted worst; open it in a
# browser.
#
# New rows. Columns are matched by name, in any order:

shell("fastnn predict flats.safetensors new.csv -o predicted.csv")
pd.read_csv(folder / "predicted.csv")

# %%
# Weeks later: what is in that file, and is it still good on newer flats?

flats(400, 2).to_csv(folder / "later.csv", index=False)
shell("fastnn info flats.safetensors")
shell("fastnn diagnose flats.safetensors flats.csv --dev later.csv")
shell("fastnn report flats.safetensors flats.csv --dev later.csv -o later.html")

# %%
# ``later.html`` has the same verdict, and the rows of ``later.csv`` with the highest loss.

# %%
# A better network
# ----------------
#
# ``fastnn improve`` trains one network, diagnoses, tries what the diagnosis advises, and keeps what
# helps beyond chance. Then it compares the best network with the twelve of ``fastnn train``. By
# itself it takes a minute and the time of that; here it stops after six moves. The test rows have
# no part in it.

shell("fastnn improve flats.csv --target price --trials 6 --save better.safetensors")

# %%
# No network is better beyond chance than the recipe of ``fastnn train``. That is an answer too:
# what it does with a table is meant to be good. ``better.safetensors`` then has the model of
# ``flats.safetensors``. The first error is the mean over three seeds of the network that the search
# began with, and the errors at the end are those of the model that is saved.
# ``fastnn sweep`` tries values of options that you name, with one network for each combination.
# Compare its best with ``fastnn train``, whose test rows are the same for the same ``--seed``.
# :doc:`h12_from_verdict_to_next_step` begins with a bad network, and gets a better one.
# :doc:`/reference/printed` says what each column means.
#
# Files as people have them
# -------------------------
#
# Semicolons, decimal commas, dates, words for gaps, a number that only counts the rows, a target
# that is sometimes empty: the first lines of the output say how each column was read, and what was
# left out. Read them before the errors.

rng = np.random.default_rng(2)
lines = ["customer;since;age;revenue;contract;left"]
for k in range(600):
    age, revenue = rng.integers(18, 90), rng.gamma(2, 800)
    contract = rng.choice(["monthly", "yearly", "", "unknown"])
    left = rng.random() < 0.2 + 0.5 * (contract == "monthly") + 0.2 * (age < 30)
    lines.append(
        f"{10000 + k};{rng.integers(1, 29):02}.{rng.integers(1, 13):02}.{rng.integers(2019, 2024)};"
        f"{'n/a' if k % 17 == 3 else age};{f'{revenue:.2f}'.replace('.', ',')};{contract};"
        f"{'' if k % 97 == 5 else ['no', 'yes'][int(left)]}"
    )
(folder / "customers.csv").write_text("\n".join(lines))
print("\n".join(lines[:4]), "\n")
shell("fastnn train customers.csv --target left --save customers.safetensors")

# %%
# Numbers and dates are read as people write them. A notice shows one value of a column as it is
# read, wherever that is more than taking the number:
#
# .. list-table::
#    :header-rows: 1
#
#    * - read as
#      - for example
#    * - a number
#      - 1,234.5 and 1.234,5; (12); $1.5M; 12 %; 3 kg; <0.1; $17/hr and $17 per hour; 7/10 and
#        4 out of 5
#    * - a number of several units, in the one that is told
#      - 1h 20m; 90 min 20 s; 0 days 00:35:00; PT1H20M; 3 yrs 2 mos; 5'11"; 7 lb 3 oz; 40°26'46"N
#    * - a date: its time, month, weekday and hour, as far as they vary
#      - 2020-03-05 10:04; 3/5/2020; 5 March 2020; 2020年3月5日; Q3/2021; KW 3/2021; 2021-W03;
#        2019/20
#    * - a time: part of a day; in a target, hours or minutes
#      - 10:04; 10:04 a.m.; 7 pm; 01:02:11
#    * - categories
#      - all other texts; a notice tells where they look like numbers or dates
#
# Where it reads a column otherwise than you would:
#
# .. list-table::
#    :header-rows: 1
#
#    * - the column
#      - option
#    * - is known only after the target, or gives it away
#      - ``--drop NAME``
#    * - has numbers that are codes, such as zip codes
#      - ``--categorical NAME``
#    * - looks like numbers or dates, and is not read as such
#      - none: write a column of the number, as of the 120 in 120/80
#    * - was left out as a count of the rows, and is none
#      - ``--numeric NAME``
#    * - has a mark for gaps of its own, such as -999 or 9999-12-31
#      - ``--missing=-999``
#    * - has numbers such as 1.540 beside 950, which can be 1.54 and 1540
#      - ``--decimal=.`` or ``--decimal=,``
#    * - has dates such as 03/04/2020, whose day is first
#      - ``--day-first``
#    * - says which rows belong together, such as a patient
#      - ``--groups NAME``: they stay in one part, and the column is no input: errors are those of
#        new patients. Where you will predict for those that you know, leave it an input
#    * - is the time, and you will predict later rows
#      - ``--time NAME``: train on the first, measure on the last
#
# A file in another encoding than UTF-8 is refused, with the command that converts it.
#
# In Python
# ---------
#
# The same file is a model in Python:

import fastnn

model = fastnn.load(folder / "flats.safetensors")
model.predict(pd.read_csv(folder / "new.csv")).round(1)

# %%
# Or from the beginning. `fastnn.TableRegressor` and `fastnn.TableClassifier` take a table as it
# comes, and have scikit-learn's interface. The columns are read as the *training* rows say.

frame = flats(1500, 0)
train, test = frame[:1200], frame[1200:]
model = fastnn.TableRegressor(random_state=0).fit(train, "price")
error = model.predict(test) - test["price"].to_numpy()
print(
    f"root mean squared error {np.sqrt(np.mean(error**2)):.1f}, "
    f"standard deviation of prices {test['price'].std():.1f}"
)
print(model.schema_.input_names)

# %%
# It says what is wrong, tries what that advises, and goes into a file, as the commands do. The
# model has trained on all rows: without ``dev`` a diagnosis sets rows aside itself, and trains the
# same anew on the others. For a number, a diagnosis has the share of the variance that is left, and
# ``improve`` its root: the RMSE over the standard deviation of the prices.

print(model.diagnose(train, "price", test=(test, "price")))

# %%

print(model.improve(train, "price", seconds=None, trials=3, seeds=2))

# %%

model.report(train, "price", folder / "flats.html")
model.save(folder / "again.safetensors")
bool(np.all(fastnn.load(folder / "again.safetensors").predict(test) == model.predict(test)))

# %%
# **Next**: :doc:`h12_from_verdict_to_next_step` turns the verdict into a better network.
