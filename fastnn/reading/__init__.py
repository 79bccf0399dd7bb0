"""How the texts of a column are read: numbers, quantities, times, dates and gaps.

Internal: it may change at any time.
"""
