"""The evidence for a diagnosis: confidence intervals of errors, and the course of the cost."""
