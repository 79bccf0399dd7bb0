"""Gradient checking: numerical derivatives, the verdict, and the errors in words.

Nothing is imported here: Numba and the rest are loaded when the first gradient is checked.

Internal: it may change at any time.
"""
