"""fastnn runs on every Python that it names, with the newest versions of its dependencies.

All tests run in an environment of each Python but this one, on which `.ci/run` runs them. In the
long form only: each takes as long as the tests do.
"""

import sys

from proof import Broken, LeftOut
from proof.environments import run_tests

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def run(long):
    if not long:
        raise LeftOut("it is in the long form")
    figures, broken = [], []
    for version in PYTHONS:
        if sys.version.startswith(version + "."):
            continue
        try:
            figures.append(f"Python {version}: {run_tests(version)}")
        except LeftOut as reason:
            figures.append(str(reason))
        except Broken as what:
            broken.append(f"Python {version}: {what}")
    if broken:
        raise Broken("\n".join([*figures, *broken]))
    return "; ".join(figures)
