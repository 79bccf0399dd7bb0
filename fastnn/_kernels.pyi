"""Types of the compiled core; _kernels.pyx and loops/*.pxi document it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Vector = NDArray[np.float32] | NDArray[np.float64]

variant: str

def variants() -> list[str]: ...
def choose(name: str) -> str: ...

class Rows:
    def __init__(
        self,
        values: NDArray[Any],
        shape: tuple[int, int],
        row_starts: NDArray[Any] | None = None,
        columns_of: NDArray[Any] | None = None,
        *,
        mean: NDArray[np.float64] | None = None,
        scale: NDArray[np.float64] | None = None,
    ) -> None: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    def first_not_finite(self, first: int, count: int, double_precision: bool) -> int: ...

class Augmenter:
    def __init__(
        self,
        shape: Sequence[int],
        flip: float,
        angle: Sequence[float],
        zoom: Sequence[float],
        shift: Sequence[float],
        crop: Sequence[int],
        alpha: float,
        taps: Sequence[float],
        noise: float,
        edge: bool,
    ) -> None: ...
    @property
    def columns(self) -> int: ...
    def copies(self, X: Rows, seed: int, epoch: int, first: int, out: _Vector) -> None: ...
    def placement(self, seed: int, epoch: int, row: int) -> dict[str, Any]: ...

class Session:
    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[int],
        output: int,
        theta: _Vector,
        X: Rows,
        y: Rows | None,
        weight: NDArray[np.float64] | None,
        *,
        batch_size: int,
        threads: int,
        training: bool,
        inputs: bool = False,
        loss: int | Callable[..., Any] | None = None,
        smoothing: float = 0.0,
    ) -> None: ...
    def set_dropout(self, keep_prob: Sequence[float], seed: int, step: int = 0) -> None: ...
    def set_augmentation(self, augmenter: Augmenter) -> None: ...
    def set_optimizer(
        self,
        optimizer: int,
        settings: Mapping[str, float],
        penalty: Sequence[tuple[float, float]],
        gradient: _Vector,
        first: _Vector | None,
        second: _Vector | None,
        constant_penalty: bool = False,
    ) -> None: ...
    def set_average(self, average: _Vector, decay: float, begun: bool = False) -> None: ...
    def set_layer_rates(self, layer_rates: Sequence[float]) -> None: ...
    def set_max_norm(self, max_norm: Sequence[float]) -> None: ...
    def set_clipping(self, norm: float, value: float) -> None: ...
    def start(
        self,
        index: NDArray[np.int64] | None = None,
        rates: NDArray[np.float64] | None = None,
        gradient: _Vector | None = None,
        out: _Vector | None = None,
        epoch: int = 0,
        divisors: NDArray[np.float64] | None = None,
        batch: int = 0,
    ) -> None: ...
    def train(self, seconds: float) -> bool: ...
    def differentiate(self, seconds: float) -> bool: ...
    def evaluate(self, seconds: float) -> bool: ...
    @property
    def threads(self) -> int: ...
    @threads.setter
    def threads(self, threads: int) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def rows_trained(self) -> int: ...
    @property
    def chunk_rows(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def chunk(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def extremes(self) -> tuple[float, float]: ...
    @extremes.setter
    def extremes(self, extremes: tuple[float, float]) -> None: ...
    @property
    def next_row(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def training_loss(self) -> float: ...
    @property
    def error(self) -> float: ...
    @property
    def failed(self) -> bool: ...
    @property
    def overflowed(self) -> bool: ...

class StepSession(Session):
    @property
    def kept_rows(self) -> int: ...
    @property
    def gradient_rows(self) -> int: ...
    def set_lock(self, attributes: dict[str, Any], lock: str) -> None: ...
    def train_batch(self, X: Any, y: Any, weight: Any, rate: float) -> float | None: ...
    def gradients(
        self,
        X: Any,
        y: Any,
        weight: Any,
        gradient: _Vector | None,
        inputs: bool,
        first_row: int = 0,
        whole: int = 0,
    ) -> tuple[float, NDArray[np.floating[Any]] | None] | None: ...
    def forward(self, X: Any, first_row: int = 0) -> NDArray[np.floating[Any]] | None: ...
    def backward(self, dA: Any, gradient: _Vector, inputs: bool) -> Any: ...
    def update(self, rate: float, rows: int = 0) -> bool | None: ...

class SmallForward:
    variant: str
    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[int],
        output: int,
        theta: _Vector,
        mean: NDArray[np.float64] | None = None,
        scale: NDArray[np.float64] | None = None,
    ) -> None: ...
    def forward(self, X: object, alone: bool = False) -> _Vector | None: ...

def add_penalty_gradient(
    theta: _Vector, gradient: _Vector, at: int, n: int, l2: float, l1: float
) -> None: ...
def apply_dropout(A: _Vector, seed: int, step: int, layer: int, keep_prob: float) -> None: ...
def dropout_mask(
    seed: int, step: int, layer: int, rows: int, units: int, keep_prob: float
) -> NDArray[np.bool_]: ...
def peak(dtype: str = "float32", seconds: float = 0.1) -> float: ...
def barrier_time(threads: int = 2, times: int = 10_000) -> float: ...
def control_words(threads: int = 1) -> list[int]: ...
def flush_denormals(on: bool) -> bool: ...
def penalty_of(theta: NDArray[Any], at: int, n: int, l2: float, l1: float) -> float: ...
def train_epochs(
    session: Session,
    dev: Session | None,
    *,
    index: NDArray[np.int64] | None,
    seeds: NDArray[np.int64] | None,
    rates: NDArray[np.float64],
    results: NDArray[np.float64],
    ended: NDArray[np.float64],
    totals: NDArray[np.float64],
    epoch: int,
    every: int,
    first: int,
    last: int,
    regression: bool,
    seconds: float,
) -> None: ...
def shuffle(index: NDArray[np.int64], seed: int, left: int, seconds: float) -> int: ...
def philox(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]: ...
def get_include() -> str:
    """The folder of fastnn.h, for code that is compiled against fastnn's core."""
