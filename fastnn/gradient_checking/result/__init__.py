"""The result of a gradient check: the verdict, the components, and the errors in words."""
