"""Pictures, drawn by matplotlib.

Internal: it may change at any time.
"""
