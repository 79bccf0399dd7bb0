"""The parts of a network: layout of theta, activations, outputs, initial weights.

Internal: it may change at any time.
"""
