"""Gradient checking of a network, by formulas of its own that Numba compiles."""
