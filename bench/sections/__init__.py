"""The sections of `python -m bench`. Each runs in a process of its own, so that what one has
pinned, loaded or allocated does not touch another; within one, all contenders share a process."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """`function` of bench.sections.`module` fills a `Results`."""

    title: str
    module: str
    function: str
    pinned: bool  # to one core, with every library on one thread


SECTIONS = {
    "step": Section("A training step, one core", "step", "steps", True),
    "costs": Section("What dropout and Adam cost", "step", "costs", True),
    "penalties": Section("What L2, L1 and decayed weights cost", "step", "penalties", True),
    "values": Section("A step with other numbers in it", "products", "values", True),
    "shares": Section("Shares of the peak over widths", "products", "widths", True),
    "variants": Section("Kernels of other CPUs, both dtypes", "products", "variants", True),
    "evaluations": Section("What evaluations cost a fit", "step", "evaluations", True),
    "loop": Section("Loops of one's own, one core", "loop", "steps", True),
    "overheads": Section("What a call costs by itself, one core", "many", "overheads", True),
    "many": Section("Networks side by side, two cores", "many", "together", False),
    "many_jax": Section("The same networks in JAX, one core", "many", "beside_jax", True),
    "many_jax_2": Section("The same networks in JAX, two cores", "many", "beside_jax", False),
    "mpi": Section("One network over several processes, one core each", "mpi", "exchange", False),
    "threads": Section("A training step on two cores", "threads", "speedup", False),
    "widths": Section("Threads over widths 30 to 66", "threads", "widths", False),
    "bits": Section("The same bits from 1, 2, 3, 4 and 7 threads", "bits", "same_bits", False),
    "portable": Section("What the same bits on every CPU cost, one core", "bits", "portable", True),
    "augmentation": Section("What augmentation costs, one core", "augmentation", "costs", True),
    "mnist": Section(
        "What augmentation does for 5,000 images of MNIST", "augmentation", "mnist", False
    ),
    "inference": Section("Inference, one core", "inference", "inference", True),
    "simplechains": Section("SimpleChains' cases, one core", "simplechains", "published", True),
    "autograd": Section(
        "Derivatives beside PyTorch's autograd", "autograd", "against_pytorch", True
    ),
    "losses": Section("A loss of one's own, one core", "losses", "squared_errors", True),
    "gradcheck": Section("A gradient check, two cores", "gradcheck", "checks", False),
    "linearity": Section("Epochs of more and more rows", "resources", "linearity", True),
    "start": Section("Start", "resources", "start", True),
    "practice": Section("Regularization on real data", "practice", "regularization", False),
    "advice": Section("What the advice of a diagnosis brings", "advice", "first_advice", False),
    "improve": Section(
        "improve from a bad start, and 60 draws of a sweep", "improvement", "against_sweep", False
    ),
    "estimators": Section("Estimators and scikit-learn's, one core", "estimators", "speed", True),
    "accuracy": Section("Accuracy of the estimators", "estimators", "accuracy", False),
    "tables": Section("Tables, beside boosted trees, one thread", "tables", "accuracy", True),
    "tall_table": Section("Memory of a table of 336,776 rows", "resources", "tall_table", False),
    "sweeps": Section("A grid of 20 lambdas, two cores", "sweeps", "grid", False),
    "memory": Section("Memory of a fit", "resources", "memory", True),
}
