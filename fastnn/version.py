"""The version of the package, which pyproject.toml and the files it writes take from here.

Internal: it may change at any time.
"""

__version__ = "0.1.0"
