"""Settings of the whole test suite."""

import os
import signal

# Tests that start Python look at the installed package, as this process does, and not at a checkout
# that happens to be the working directory.
os.environ["PYTHONSAFEPATH"] = "1"

# Side by side, each worker has one processor. Threads that wait for another's processor spin, and
# a fit of a few milliseconds then takes seconds.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts its background jobs with SIGINT ignored; the tests of Ctrl-C need it heard.
signal.signal(signal.SIGINT, signal.default_int_handler)
