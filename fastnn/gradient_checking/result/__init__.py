"""The result of a gradient check: the verdict, the components, and what is wrong in words."""
