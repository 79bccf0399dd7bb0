"""The errors that are fastnn's own; all others are the standard ones."""


class DivergenceError(ArithmeticError):
    """Training produced a loss, gradient or parameter that is not finite.

    The network has its last finite parameters.

    Attributes
    ----------
    epoch, batch : int
        Where it happened, both counted from 0.
    learning_rate : float
        That of the update that failed.
    """

    def __init__(self, epoch, batch, learning_rate, what):
        self.epoch, self.batch, self.learning_rate, self.what = epoch, batch, learning_rate, what
        # The arguments are what pickle rebuilds an exception from.
        super().__init__(epoch, batch, learning_rate, what)

    def __str__(self):
        return (
            f"training diverged at epoch {self.epoch}, batch {self.batch}, with learning rate "
            f"{self.learning_rate:g}: {self.what}. The last finite parameters were restored. "
            "Try a learning rate 3 to 10 times smaller, normalized inputs, or another init."
        )


class ModelFormatError(ValueError):
    """A file is not a model that this version of fastnn can read, or it is damaged."""
