"""Words, tables and markup that several rooms share.

Internal: it may change at any time.
"""
