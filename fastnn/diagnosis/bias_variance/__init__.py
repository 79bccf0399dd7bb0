"""Bias and variance: from errors or from data, with intervals and advice."""
