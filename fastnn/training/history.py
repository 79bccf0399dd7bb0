"""What happened in a fit, epoch by epoch."""

from fastnn.plots.history import plot_history


class History:
    """One entry an epoch; NaN where an epoch was not evaluated (see `evaluate_every` of `fit`).

    Attributes
    ----------
    cost : list of float
        J on the training set with the penalty, dropout off, at the end of the epoch.
    train_error : list of float
        Share of wrong labels, or root mean squared error of an identity output.
    dev_cost, dev_error : list of float
        The same on the dev set (the penalty is that of the training set); empty without one.
    learning_rate : list of float
        At the epoch's last update; 1 for lbfgs, which has none.
    seconds : list of float
        Since the beginning of the fit, evaluations included; a resumed fit counts on.
    training_seconds : float
        Spent in updates alone.
    examples : int
        Training examples worked off in updates, an example counted each time.
    stopped : str
        Why it ended: "epochs", "early stopping", "callback", "converged",
        "no further descent", "limit of evaluations" (both of lbfgs), "pruned" (by
        `OptunaPruningCallback`), "diverged", "interrupted", "error" (in a callback or a schedule);
        "" while it runs.
    best_epoch : int or None
        The epoch, from 0, whose parameters early stopping restored.
    dropout_seed : int
        Of the masks: with (seed, step) `Network.value_and_grad` replays them. Also of augmentation:
        ``augment.apply(X, seed, epoch=...)`` replays the images of an epoch.
    gradchecks : dict of int to GradientCheck
        Epochs done to what `gradcheck_at` of `fit` asked for; a checkpoint does not keep them.
    must_fall : bool
        Whether J has to fall at every iteration: full-batch gradient descent (or lbfgs) without
        dropout. Where it does not, the learning rate is too large or a gradient is wrong.
    """

    def __init__(self):
        self.cost, self.train_error = [], []
        self.dev_cost, self.dev_error = [], []
        self.learning_rate, self.seconds = [], []
        self.training_seconds = 0.0
        self.examples = 0
        self.stopped = ""
        self.best_epoch = None
        self.dropout_seed = None
        self.gradchecks = {}
        self.must_fall = False

    def __len__(self):
        return len(self.seconds)

    def __repr__(self):
        at = -1 if self.best_epoch is None else self.best_epoch
        shown = [f"stopped: {self.stopped or 'running'}"]
        if self.best_epoch is not None:
            shown.append(f"best epoch {self.best_epoch + 1}")
        for name in ("cost", "train_error", "dev_error"):
            values = getattr(self, name)
            if values and values[at] == values[at]:  # NaN: not evaluated
                shown.append(f"{name.replace('_', ' ')} {values[at]:.4g}")
        return f"<History of {len(self)} epochs, {', '.join(shown)}>"

    def plot(self, ax=None):
        """Draw cost and errors by epoch (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : pair of matplotlib axes, optional
            For cost and error; None makes a figure with both.

        Returns
        -------
        Display
            With `ax_` (the two axes) and `figure_`.
        """
        return plot_history(self, ax)
