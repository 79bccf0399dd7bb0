"""The evidence that diagnoses rest on: confidence intervals of errors, and how the cost fell."""
