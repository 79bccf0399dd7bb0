"""Notices that must not be missed."""


class Alarm(str):
    """A notice that a result is probably worthless: in Python it is a `UserWarning` as well."""

    __slots__ = ()
