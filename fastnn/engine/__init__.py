"""A network as the compiled core sees it."""
