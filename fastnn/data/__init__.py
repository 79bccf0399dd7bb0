"""Data before training: parts of it, its normalization, and tests of it.

One subject a module: `splitting` (with `parts`, `part_sizes`, `strata` and `groups` behind it),
`normalizer`, `two_sample` and `sample_size`. All their public names are in `fastnn` itself.
"""
