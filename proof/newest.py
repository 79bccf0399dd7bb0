"""fastnn runs on every Python that it names, with the newest versions of its dependencies.

All tests run in an environment of each Python but this one, on which `.ci/run` runs them. In the
long form only: each takes as long as the tests do.
"""

import sys

from proof import Broken, LeftOut
from proof.environments import python, run_tests

_PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def run(long):
    if not long:
        raise LeftOut("it is in the long form")
    figures, broken = [], []
    for version in _PYTHONS:
        if sys.version.startswith(version + "."):
            continue
        executable = python(version)
        try:
            judged = run_tests(executable) if executable else "not on this machine"
        except Broken as what:
            broken.append(f"Python {version}: {what}")
        else:
            figures.append(f"Python {version}: {judged}")
    if broken:
        raise Broken("\n".join(broken))
    return "; ".join(figures)
