"""Settings of the whole test suite."""

import os

# Tests that start Python look at the installed package, as this process does, and not at a checkout
# that happens to be the working directory.
os.environ["PYTHONSAFEPATH"] = "1"
