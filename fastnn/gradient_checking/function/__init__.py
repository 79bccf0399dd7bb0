"""Gradient checking of any function of theta."""
