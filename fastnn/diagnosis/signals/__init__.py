"""Signals and gradients from layer to layer: vanishing, exploding, dead or healthy."""
