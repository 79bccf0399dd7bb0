"""Images of handwritten digits (LeCun et al., 1998), where the files are at hand."""

import gzip
import os
from pathlib import Path

import numpy as np

# Beside the repository, or where the variable says.
FOLDER = (
    Path(
        os.environ.get("FASTNN_BENCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    / "mnist"
)


def load_mnist(part):
    """X (m, 784) uint8 and labels y (m,) of "train" or "t10k"; None where there are none."""
    images = FOLDER / f"{part}-images-idx3-ubyte.gz"
    labels = FOLDER / f"{part}-labels-idx1-ubyte.gz"
    if not images.exists() or not labels.exists():
        return None
    return _numbers(images, 16).reshape(-1, 784), _numbers(labels, 8)


def _numbers(path, header):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)
