"""Any kind of array with the same numbers, and any number of threads, must give the same bits."""

import numpy as np
import pytest
import scipy.sparse
from problems import OUTPUTS, draw_problem

import fastnn
from fastnn import Network


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def every_other(a):
    """A view with gaps in every direction."""
    wide = np.full([2 * n for n in a.shape], 99, dtype=a.dtype)
    view = wide[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


def backwards(a):
    return a[::-1].copy()[::-1]


def unaligned(a):
    """A field of packed records: few numbers lie at a multiple of their size."""
    records = np.zeros(a.shape, [("key", "u1"), ("x", a.dtype)])
    records["x"] = a
    return records["x"]


def memmap(a, folder):
    file = np.memmap(folder / "X.bin", dtype=a.dtype, mode="w+", shape=a.shape)
    file[:] = a
    file.flush()
    return np.memmap(folder / "X.bin", dtype=a.dtype, mode="r", shape=a.shape)


def unsorted_csr(a):
    """CSR with the columns of each row in falling order, and zeros stored explicitly."""
    rows, columns = a.shape
    data = np.ascontiguousarray(a[:, ::-1]).ravel()
    indices = np.tile(np.arange(columns)[::-1], rows)
    return scipy.sparse.csr_matrix((data, indices, np.arange(rows + 1) * columns), shape=a.shape)


def in_two_parts(a):
    """CSR arrays (values, columns, row starts) with every number as two entries that add up."""
    rows, columns = a.shape
    parts = np.concatenate([np.floor(a / 2), a - np.floor(a / 2)], axis=1)
    return parts.ravel(), np.tile(np.arange(columns), 2 * rows), np.arange(rows + 1) * 2 * columns


def coo_with_duplicates(a):
    values, columns, starts = in_two_parts(a)
    rows = np.repeat(np.arange(len(a)), np.diff(starts))
    order = np.random.default_rng(0).permutation(values.size)
    return scipy.sparse.coo_matrix((values[order], (rows[order], columns[order])), a.shape)


def csr_with_slack(a):
    """Arrays longer than needed, as left by deleting rows in place."""
    sparse = scipy.sparse.csr_matrix(a)
    sparse.data = np.append(sparse.data, [np.nan] * 3).astype(a.dtype)
    sparse.indices = np.append(sparse.indices, [10**6] * 3).astype("int32")
    return sparse


def csr_indexed_by(dtype):
    def convert(a):
        sparse = scipy.sparse.csr_matrix(a)
        sparse.indices, sparse.indptr = sparse.indices.astype(dtype), sparse.indptr.astype(dtype)
        return sparse

    return convert


# Forms of X, made from an array of the network's dtype.
X_KINDS = {
    "read-only": read_only,
    "fortran": np.asfortranarray,
    "strided": every_other,
    "negative-strides": backwards,
    "list": np.ndarray.tolist,
    "int8": lambda a: a.astype("int8"),
    "int64": lambda a: a.astype("int64"),
    "float16": lambda a: a.astype("float16"),
    "float32": lambda a: a.astype("float32"),
    "float64": lambda a: a.astype("float64"),
    "float64-fortran": lambda a: np.asfortranarray(a.astype("float64")),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "big-endian-float16": lambda a: a.astype(">f2"),
    "big-endian-int32": lambda a: a.astype(">i4"),
    "longdouble": lambda a: a.astype("longdouble"),
    "unaligned": unaligned,
    "csr": scipy.sparse.csr_matrix,
    "csc": scipy.sparse.csc_matrix,
    "csr-array": scipy.sparse.csr_array,
    "csr-unsorted": unsorted_csr,
    "csr-float64": lambda a: scipy.sparse.csr_matrix(a.astype("float64")),
    "csr-int64": lambda a: scipy.sparse.csr_matrix(a.astype("int64")),
    "csr-longdouble": lambda a: scipy.sparse.csr_matrix(a.astype("longdouble")),
    "csr-int32-indices": csr_indexed_by("int32"),
    "csr-int64-indices": csr_indexed_by("int64"),
    "csr-duplicates": lambda a: scipy.sparse.csr_matrix(in_two_parts(a), a.shape),
    "csc-duplicates": lambda a: scipy.sparse.csc_matrix(in_two_parts(a.T), a.shape),
    "coo-duplicates": coo_with_duplicates,
    "csr-slack": csr_with_slack,
    "memmap": memmap,
    "memmap-float64": lambda a, folder: memmap(a.astype("float64"), folder),
}


def whole_numbers(seed=0, rows=150):
    """X of small whole numbers, some of them 0: exact in every dtype, worth storing sparsely."""
    problem = draw_problem(seed, [7, 17, 3], rows, output="softmax", l2=0.2, keep_prob=[0.9, 0.8])
    problem.X = np.round(2 * problem.X)
    return problem


def everything(problem, dtype, X, y=None, weights=None):
    """Results that depend on the data: J, dJ, the outputs, and theta after a shuffled fit."""
    y = problem.y if y is None else y
    net = problem.network(dtype)
    J, gradient = net.value_and_grad(X, y, sample_weight=weights, dropout=(1, 0))
    output, labels, cost = net.forward(X), net.predict(X), net.cost(X, y, sample_weight=weights)
    history = net.fit(X, y, epochs=2, batch_size=32, sample_weight=weights, dev=(X, y))
    return {
        "J": J,
        "gradient": gradient,
        "forward": output,
        "predict": labels,
        "cost": cost,
        "theta after fit": net.theta,
        "history": history.cost,
        "dev": history.dev_cost,
    }


def assert_identical(found, expected):
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name, strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", X_KINDS)
def test_kind_of_X(kind, dtype, tmp_path):
    problem = whole_numbers()
    X = problem.X.astype(dtype)
    convert = X_KINDS[kind]
    other = convert(X, tmp_path) if "memmap" in kind else convert(X)
    assert_identical(everything(problem, dtype, other), everything(problem, dtype, X))


@pytest.mark.parametrize(
    "kind", ["float64", "float64-fortran", "csr-float64", "memmap-float64", "strided", "list"]
)
def test_float64_data_is_rounded_once_in_a_float32_network(kind, tmp_path):
    """Data that float32 cannot hold gives the bits of the data rounded beforehand."""
    problem = whole_numbers()
    X = problem.X * (1 + 1 / 3)
    convert = X_KINDS[kind]
    other = convert(X, tmp_path) if "memmap" in kind else convert(X)
    assert_identical(
        everything(problem, "float32", other), everything(problem, "float32", X.astype("float32"))
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "kind", ["bool", "uint8", "uint16", "int32", "uint32", "uint64", "csr-bool", "csr-uint8"]
)
def test_kind_of_X_that_is_never_negative(kind, dtype):
    problem = whole_numbers()
    X = (problem.X > 0).astype(dtype) * (1 if "bool" in kind else 200)
    other = X.astype(kind.removeprefix("csr-"))
    if "csr" in kind:
        other = scipy.sparse.csr_matrix(other)
    assert_identical(everything(problem, dtype, other), everything(problem, dtype, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("integer", ["int32", "int64", "uint32", "uint64"])
def test_integers_that_need_rounding(integer, dtype):
    ends = np.iinfo(integer)
    X = np.array([[ends.min, ends.max, 2**24 + 1], [ends.max - 2**7 - 1, 7, 0]], dtype=integer)
    net = Network([3, 2], output="identity", dtype=dtype, rng=0)
    assert_identical({"A": net.forward(X)}, {"A": net.forward(X.astype(dtype))})


@pytest.mark.parametrize("stretched", ["row", "column", "number"])
def test_strides_of_zero(stretched):
    problem = whole_numbers()
    part = {"row": problem.X[:1], "column": problem.X[:, :1], "number": np.float64(3)}[stretched]
    X = np.broadcast_to(part, problem.X.shape)
    y, weights = np.broadcast_to(1, 150), np.broadcast_to(2.0, 150)
    assert_identical(
        everything(problem, "float64", X, y, weights),
        everything(problem, "float64", X.copy(), y.copy(), weights.copy()),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_rows_without_entries(dtype):
    """Also a matrix with no entry at all."""
    problem = whole_numbers()
    X = problem.X.astype(dtype)
    for empty in (slice(0, 150, 2), slice(3), slice(140, None), slice(None)):
        X[empty] = 0
        for make in (scipy.sparse.csr_array, scipy.sparse.csc_array, scipy.sparse.coo_array):
            assert_identical(everything(problem, dtype, make(X)), everything(problem, dtype, X))


@pytest.mark.parametrize(
    "kind", [np.asarray, np.asfortranarray, scipy.sparse.csr_array, scipy.sparse.csc_array]
)
@pytest.mark.parametrize(("output", "units"), [("softmax", 3), ("sigmoid", 1), ("identity", 2)])
def test_no_rows(output, units, kind):
    """The empty batch is fine where nothing is averaged over it."""
    net = Network([7, 5, units], output=output, rng=0)
    X = kind(np.zeros((0, 7)))
    assert_identical({"A": net.forward(X)}, {"A": np.zeros((0, units), "float32")})
    assert net.predict(X).shape == ((0, 2) if output == "identity" else (0,))


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, csr_with_slack, unsorted_csr])
def test_a_sparse_matrix_is_left_as_it_was(make):
    """scipy's own checks trim the caller's arrays, and its conversions sort them."""
    problem = whole_numbers()
    X = make(problem.X)
    before = {name: getattr(X, name).copy() for name in ("data", "indices", "indptr")}
    everything(problem, "float32", X)
    assert_identical({name: getattr(X, name) for name in before}, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "kind", ["read-only", "strided", "negative-strides", "list", "int8", "int32", "uint16"]
)
def test_kind_of_labels(kind, dtype):
    problem = whole_numbers()
    X = problem.X.astype(dtype)
    other = X_KINDS[kind](problem.y) if kind in X_KINDS else problem.y.astype(kind)
    assert_identical(everything(problem, dtype, X, other), everything(problem, dtype, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
@pytest.mark.parametrize(
    "kind",
    [
        "read-only",
        "fortran",
        "strided",
        "negative-strides",
        "list",
        "int64",
        "float32",
        "float64",
        "bool",
    ],
)
def test_kind_of_targets(kind, output, dtype):
    problem = draw_problem(0, [7, 5, 3], 90, output=output)
    problem.y = (problem.y > 0.5).astype(float)
    convert = X_KINDS.get(kind, lambda a: a.astype(kind))
    X = problem.X.astype(dtype)
    assert_identical(
        everything(problem, dtype, X, convert(problem.y)), everything(problem, dtype, X)
    )


@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_targets_of_one_output_may_be_a_vector(output):
    problem = draw_problem(0, [7, 5, 1], 90, output=output)
    assert_identical(
        everything(problem, "float64", problem.X, problem.y[:, 0]),
        everything(problem, "float64", problem.X),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["read-only", "strided", "list", "int64", "float32"])
def test_kind_of_sample_weight(kind, dtype):
    problem = whole_numbers()
    weights = np.arange(150.0) % 4
    X = problem.X.astype(dtype)
    assert_identical(
        everything(problem, dtype, X, weights=X_KINDS[kind](weights)),
        everything(problem, dtype, X, weights=weights),
    )


THREAD_CASES = {
    "adam-dropout": (
        [20, 65, 33, 3],
        {"keep_prob": [0.9, 0.8, 0.7], "l2": 0.1, "l1": 0.1},
        {"batch_size": 128, "optimizer": "adam"},
    ),
    "momentum-small-batch": ([3, 17, 2], {}, {"batch_size": 3, "optimizer": "momentum"}),
    "gd-full-batch": (
        [20, 130, 40, 3],
        {"activation": "relu"},
        {"batch_size": None, "optimizer": "gd", "epochs": 4},
    ),
    "wide-batch": (
        [70, 300, 3],
        {"keep_prob": [1.0, 0.5]},
        {"batch_size": 500, "optimizer": "nesterov"},
    ),
    "lbfgs": ([20, 65, 3], {"l2": 0.5}, {"optimizer": "lbfgs", "epochs": 6}),
    "sparse": ([50, 65, 3], {}, {"batch_size": 64, "optimizer": "rmsprop"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", THREAD_CASES)
def test_threads_give_the_same_bits(case, dtype):
    sizes, options, settings = THREAD_CASES[case]
    output = OUTPUTS[len(case) % 3]
    problem = draw_problem(1, sizes, 700, output=output, weighted=True, **options)
    X = (
        scipy.sparse.csr_matrix(problem.X * (problem.X > 1))
        if case == "sparse"
        else problem.X.astype(dtype)
    )
    thetas, costs = [], []
    for threads in (1, 2, 3, 4, 7):
        net = problem.network(dtype)
        history = net.fit(
            X,
            problem.y,
            sample_weight=problem.sample_weight,
            threads=threads,
            learning_rate=0.01,
            **({"epochs": 3} | settings),
        )
        thetas.append(net.theta.copy())
        costs.append(history.cost)
    assert not np.array_equal(thetas[0], problem.theta.astype(dtype)), "fit left theta as it was"
    different = [
        n
        for n, theta in zip((1, 2, 3, 4, 7), thetas, strict=True)
        if not np.array_equal(theta, thetas[0])
    ]
    assert not different, f"theta with {different} threads differs from theta with one"
    assert all(cost == costs[0] for cost in costs), f"costs by number of threads: {costs}"


def test_same_seed_same_bits_and_other_seed_other_masks():
    """Two fits from one rng agree; two fits in a row of one network draw different masks."""
    problem = whole_numbers()
    first, second = problem.network("float32"), problem.network("float32")
    seeds = [net.fit(problem.X, problem.y, epochs=2).dropout_seed for net in (first, second)]
    np.testing.assert_array_equal(first.theta, second.theta)
    assert seeds[0] == seeds[1]
    assert first.fit(problem.X, problem.y, epochs=1).dropout_seed != seeds[0]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_whose_columns_differ(library):
    frames = pytest.importorskip(library)
    X = frames.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "size": [4.0, 3.0, 2.0, 1.0]})
    y = [0, 1, 0, 1]
    net = fastnn.Network([2, 3, 1], rng=0)
    before = net.theta.copy()
    for dev in (X[["size", "age"]], X[["age"]]):
        with pytest.raises(ValueError, match=r"columns of dev .* Xd\[X.columns\]"):
            net.fit(X, y, dev=(dev, y), epochs=1)
        with pytest.raises(ValueError, match="columns of dev"):
            fastnn.sweep([2, 3, 1], (X, y), (dev, y), {"l2": [1.0]}, epochs=1)
    assert (net.theta == before).all()
    net.fit(X, y, dev=(X[["size", "age"]][list(X.columns)], y), epochs=1)
    net.fit(X, y, dev=(np.asarray(X), y), epochs=1)
