"""fastnn runs on every Python that it names, with the newest versions of its dependencies.

All tests run in an environment of each Python but this one, on which `.ci/run` runs them. In the
long form only: each takes as long as the tests do, and is a part of its own.
"""

import sys

from proof import Broken, LeftOut
from proof.environments import run_tests
from proof.parts import in_parts

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def run(long):
    if not long:
        raise LeftOut("it is in the long form")
    others = [version for version in PYTHONS if not sys.version.startswith(version + ".")]
    found = in_parts("newest", dict.fromkeys(others, 1), _tested, 1).found
    figures = "; ".join(said for version in others for _, said in found[version])
    if any(broken for version in others for broken, _ in found[version]):
        raise Broken(figures)
    return "; ".join([figures, *(f"Python {one}: not yet" for one in others if not found[one])])


def _tested(version, first, count):
    """Whether the tests failed on that Python, and their last line."""
    try:
        return 1, [(False, f"Python {version}: {run_tests(version)}")]
    except LeftOut as reason:
        return 1, [(False, str(reason))]
    except Broken as what:
        return 1, [(True, f"Python {version}: {what}")]
