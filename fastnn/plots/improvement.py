"""A picture of an improvement: every move that was tried, and the best setting so far."""

import math
import textwrap

from fastnn.plots.figure import Display, legend, one_axes, spread_errors

# The width of the moves of a round, in rounds.
_WIDTH = 0.3


def plot_improvement(improvement, ax=None):
    """Dev error of each move by round, kept ones with their change, and the best so far."""
    ax = one_axes(ax)
    tried = [move for move in improvement.moves if not math.isnan(move.dev_error)]
    at = _beside_one_another(tried)
    for kept, label, marker in ((False, "rejected", "x"), (True, "kept", "o")):
        some = [move for move in tried if move.kept is kept]
        ax.scatter(
            [at[id(move)] for move in some], [move.dev_error for move in some], marker=marker,
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
    for move in tried:
        if move.kept:
            ax.annotate(
                textwrap.shorten(move.text, 40, placeholder=" ..."),
                (at[id(move)], move.dev_error),
                xytext=(0, -6),
                textcoords="offset points",
                fontsize=8,
                ha="center",
                va="top",
            )
    ax.set(xlabel="round", ylabel="dev error", xlim=(-0.1, last + 0.5))
    spread_errors(ax, [improvement.first_dev_error, *(move.dev_error for move in tried)])
    ax.margins(y=0.15)
    ax.xaxis.get_major_locator().set_params(integer=True)
    legend(ax)
    return Display(ax, ax.figure)


def _beside_one_another(moves):
    """The place of each move: the moves of a round lie side by side, in the order of trying."""
    at = {}
    for number in dict.fromkeys(move.round for move in moves):
        of_round = [move for move in moves if move.round == number]
        for place, move in enumerate(of_round):
            at[id(move)] = number + _WIDTH * (place / max(1, len(of_round) - 1) - 0.5)
    return at
