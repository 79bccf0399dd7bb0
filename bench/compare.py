"""Two checkouts against each other: `python -m bench.compare BEFORE AFTER`.

Both must be built in place (`python setup.py build_ext --inplace`). A step is timed as in the
section `step`, pinned to one core, in a process of its own for each checkout, in turns A B A B.
"""

import os
import subprocess
import sys

from bench.cases import CASES

ROUNDS = 3
EPOCHS = {"tiny": 150, "small": 20, "mid": 5, "large": 2}


def seconds_per_step(case):
    """The best of some fits of about a tenth of a second, in this process."""
    import fastnn

    task = CASES[case].task()
    epochs = EPOCHS[case]
    fits = [
        fastnn.Network(task.layer_sizes, keep_prob=task.keep_prob, rng=0).fit(
            task.X,
            task.y,
            epochs=epochs,
            batch_size=task.batch_size,
            evaluate_every=0,
            threads=1,
            learning_rate=1e-5,
        )
        for _ in range(4)
    ]
    return min(history.training_seconds for history in fits) / (epochs * CASES[case].batches)


def measure(checkout):
    """Seconds a step of each case, by the fastnn in `checkout`."""
    # The checkout comes before everything, so that no installed fastnn is measured instead.
    code = (
        f"import sys; sys.path.insert(0, {checkout!r}); import fastnn;"
        f"sys.path.insert(0, {os.getcwd()!r}); from bench.compare import *;"
        "os.sched_setaffinity(0, {max(os.sched_getaffinity(0))});"
        "print(*(seconds_per_step(case) for case in CASES))"
    )
    result = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, text=True, stdout=subprocess.PIPE
    )
    return [float(figure) for figure in result.stdout.split()]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    checkouts = [os.path.abspath(path) for path in sys.argv[1:]]
    rounds = [[measure(checkout) for checkout in checkouts] for _ in range(ROUNDS)]
    for i, case in enumerate(CASES):
        before, after = (min(figures[side][i] for figures in rounds) * 1e6 for side in (0, 1))
        print(f"{case:>6}  {before:10,.2f} us  {after:10,.2f} us  {before / after:.3f}x")


if __name__ == "__main__":
    main()
