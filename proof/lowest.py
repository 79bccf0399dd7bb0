"""fastnn runs with the lowest versions of its dependencies that pyproject.toml allows.

`uv` resolves and installs them, for the oldest Python, into an environment of its own. All tests
run there. The short form has what fastnn needs to run, and trains.
"""

import tomllib

from proof import LeftOut
from proof.environments import ROOT, python, run_tests, trains

_LOWEST = ["--resolution", "lowest-direct"]


def run(long):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    executable = python(oldest)
    if executable is None:
        raise LeftOut(f"there is no Python {oldest} on this machine")
    if long:
        return f"Python {oldest}: {run_tests(executable, _LOWEST)}"
    trains(executable, _LOWEST)
    return f"Python {oldest}: trains"
