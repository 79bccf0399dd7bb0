"""Commands that show what fastnn promises of reliability; `python -m proof --help` lists them.

A proof is a module with a `run(long)`. It returns its figures as one line of text, and raises
`Broken` where a promise does not hold. Its docstring begins with the promise.
"""

PROOFS = [
    "compilers",
    "sanitizers",
    "fuzz",
    "files",
    "kills",
    "writes",
    "interrupts",
    "forks",
    "memory",
    "bits",
    "cpus",
    "lowest",
    "newest",
    "aarch64",
]


class Broken(Exception):
    """A promise does not hold."""


class LeftOut(Exception):
    """Nothing was tried: the reason."""


def expect(holds, message):
    """Raise `Broken` with the message unless the condition holds; `assert` can be switched off."""
    if not holds:
        raise Broken(message)
