"""Causes of a high error other than bias and variance, in the order in which to look for them."""
