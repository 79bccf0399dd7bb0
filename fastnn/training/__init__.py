"""Training: from the arguments of `fit` to epochs of mini-batches.

Internal: it may change at any time.
"""
