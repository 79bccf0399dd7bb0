"""Training: from the arguments of `fit` to epochs of mini-batches."""
