"""Where a step goes, by product and pass of one layer: `python -m bench.phases`.

It compiles `phases.cpp` with the kernels in this checkout of the CPU's variant, or of the one that
FASTNN_VARIANT names, and times them by themselves, in float32 on one thread, in CPU time. Data then
lies in the caches more often than in a step.
"""

import subprocess
import tempfile
from pathlib import Path

from bench.machine import describe
from fastnn import _kernels

NATIVE = Path(__file__).parent.parent / "fastnn" / "native"
# As in setup.py.
FLAGS = [
    "-std=c++17",
    "-O2",
    "-fpeel-loops",
    "-fno-gcse",
    "-fno-tree-pre",
    "-fno-tree-vrp",
    "-fno-math-errno",
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "fastnn_phases"
        source = Path(__file__).with_suffix(".cpp")
        unit = f'-DUNIT="variant_{_kernels.variant}.cpp"'
        command = ["g++", *FLAGS, "-ffp-contract=fast", f"-I{NATIVE}", unit, source, "-o", program]
        subprocess.run(command, check=True)
        output = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout
    print(describe()["cpu"], _kernels.variant)
    for line in output.splitlines():
        *shape, name, seconds, operations, moved = line.split(",")
        took, done, memory = float(seconds), float(operations), float(moved)
        rate = f"{done / took / 1e9:6.1f} GFLOP/s" if done else f"{memory / took / 1e9:6.1f} GB/s"
        print(f"{' x '.join(shape):>18}  {name:<24} {took * 1e6:9.2f} us  {rate}")


if __name__ == "__main__":
    main()
