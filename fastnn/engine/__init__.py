"""A network as the compiled core sees it.

Internal: it may change at any time.
"""
