"""Training in steps of the user's own, with an optimizer that remembers.

Internal: it may change at any time.
"""
