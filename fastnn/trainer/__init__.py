"""Steps of training in a loop of the user's own.

Internal: it may change at any time.
"""
