"""Estimators of tables as people have them, which `fastnn train` fits, too.

Internal: it may change at any time. It imports nothing, so that `tables.options` is quick to load.
"""
