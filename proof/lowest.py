"""fastnn runs with the lowest versions of its dependencies that pyproject.toml allows.

`uv` resolves and installs them, for the oldest Python, into an environment of its own. All tests
run there. The short form has what fastnn needs to run, and trains.
"""

import tomllib

from proof.environments import ROOT, run_tests, train

_LOWEST = ["--resolution", "lowest-direct"]


def run(long):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    if long:
        return f"Python {oldest}: {run_tests(oldest, _LOWEST)}"
    train(oldest, _LOWEST)
    return f"Python {oldest}: trains"
