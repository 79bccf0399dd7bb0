"""The picture of an improvement: every move that was tried, and the way of the best setting."""

import math

from fastnn.plots.figure import Display, one_axes


def plot_improvement(improvement, ax=None):
    """Dev error of each move by round, and of the best setting after each round."""
    ax = one_axes(ax)
    tried = [move for move in improvement.moves if not math.isnan(move.dev_error)]
    for kept, label, marker in ((False, "rejected", "x"), (True, "kept", "o")):
        some = [move for move in tried if move.kept is kept]
        ax.scatter(
            [move.round for move in some], [move.dev_error for move in some], marker=marker,
            label=label,
        )  # fmt: skip
    last, best = max((move.round for move in improvement.moves), default=0), {}
    for move in tried:
        if move.kept:
            best[move.round] = move.dev_error
    errors = [improvement.first_dev_error]
    for number in range(1, last + 1):
        errors.append(best.get(number, errors[-1]))
    ax.step(range(last + 1), errors, where="post", color="0.5", label="best so far")
    ax.set(xlabel="round", ylabel="dev error")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False)
    return Display(ax, ax.figure)
