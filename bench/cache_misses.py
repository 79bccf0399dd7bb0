"""Cache misses of a step, counted rather than timed: `python -m bench.cache_misses [WIDTH ...]`.

cachegrind simulates the caches of a machine, so that the counts do not depend on the load. By
default these are 48 KiB of L1 and 2 MiB of L2, as an Intel Xeon of model 207 has; `--amd` is for
1 MiB of L2. It knows no AVX-512: the variant is avx2. It needs valgrind.
"""

import os
import re
import subprocess
import sys

WIDTHS = [1008, 1024, 1040]
ROWS, STEPS = 64, 1
L1 = "49152,12,64"
L2 = {"intel": "2097152,16,64", "amd": "1048576,16,64"}


def train(width, steps):
    """Train a network of two wide layers for so many steps, in this process."""
    from bench.cases import random_data
    from fastnn import Network

    X, y = random_data([width, 10], ROWS)
    net = Network([width, width, width, 10], rng=0)
    net.fit(X, y, epochs=steps, batch_size=ROWS, evaluate_every=0, threads=1, shuffle=False)


def misses(width, steps, l2):
    """(references, L1 misses, L2 misses) of data in a process that trains for so many steps."""
    code = f"from bench.cache_misses import train; train({width}, {steps})"
    result = subprocess.run(
        [
            *("valgrind", "--tool=cachegrind", "--cache-sim=yes"),
            *("--cachegrind-out-file=/dev/null", f"--D1={L1}", f"--LL={l2}"),
            *(sys.executable, "-c", code),
        ],
        check=True,
        text=True,
        stderr=subprocess.PIPE,
        env=os.environ | {"FASTNN_VARIANT": "avx2"},
    )
    counts = (
        re.search(rf"{name} *:? *([\d,]+)", result.stderr)
        for name in ("D +refs", "D1 +misses", "LLd +misses")
    )
    return [int(count[1].replace(",", "")) for count in counts]


def main(arguments):
    l2 = L2["amd" if "--amd" in arguments else "intel"]
    print("width  references    L1 misses    L2 misses   of one step")
    for width in [int(a) for a in arguments if a.isdigit()] or WIDTHS:
        few, many = (misses(width, steps, l2) for steps in (1, 1 + STEPS))
        step = [(b - a) // STEPS for a, b in zip(few, many, strict=True)]
        print(f"{width:>5}" + "".join(f"{count:>13,}" for count in step), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
