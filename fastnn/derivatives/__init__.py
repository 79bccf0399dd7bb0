"""Derivatives of outputs and losses by theta, by X, and by the values of every layer.

Internal: it may change at any time.
"""
