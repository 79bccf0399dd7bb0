"""One network trained by several processes, each with its own rows of a mini-batch.

`mpi` joins the trainers of the ranks of an MPI communicator.
"""

from fastnn.parallel.trainer import MPITrainer as MPITrainer
from fastnn.parallel.trainer import mpi as mpi

__all__ = ["MPITrainer", "mpi"]


def __dir__() -> list[str]:
    """The public names alone."""
    return __all__
