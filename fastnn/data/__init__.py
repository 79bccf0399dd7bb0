"""Data before training: checked inputs, parts of a data set, and normalization.

One subject a module: `inputs`, `splitting` (with `parts`, `part_sizes`, `strata` and `groups`
behind it), `normalizer` and `sample_size`. All their public names are in `fastnn` itself.

Internal: it may change at any time.
"""
