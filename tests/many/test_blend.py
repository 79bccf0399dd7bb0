"""The recipe for tables: its folds, the network that is a mean, and the blend itself."""

import itertools

import numpy as np
import pytest

import fastnn
from fastnn.many import progress_bar, side_by_side
from fastnn.many.blend import Rows, fit_blend
from fastnn.many.folds import Folded, draw_folds
from fastnn.many.merging import merged

M = 97


def examples(output, m=400, seed=0):
    """Rows of which the first two columns tell y."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, 6)).astype(np.float32)
    y = X[:, 0] - np.abs(X[:, 1])
    if output == "identity":
        return Rows(X, ((y - y.mean()) / y.std()).astype(np.float32))
    cuts = [-0.5] if output == "sigmoid" else [-1, 0.3]
    return Rows(X, np.digitize(y, cuts))


# --- folds ---


@pytest.mark.parametrize("count", [2, 3, 10])
def test_folds_deal_every_class_evenly(count):
    y = np.random.default_rng(0).integers(3, size=M)
    folds = draw_folds(y, count, np.random.default_rng(1), classes=True)
    assert set(folds) == set(range(count))
    for label in range(3):
        sizes = np.bincount(folds[y == label], minlength=count)
        assert sizes.max() - sizes.min() <= 1


def test_folds_keep_groups_together_and_alike():
    groups = np.random.default_rng(0).integers(40, size=M) ** 2
    folds = draw_folds(np.zeros(M), 10, np.random.default_rng(1), groups=groups)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    sizes = np.bincount(folds, minlength=10)
    assert sizes.min() > 0
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(("count", "devs"), [(10, 1), (10, 2), (10, 6), (10, 10), (2, 1), (3, 3)])
def test_folded_rows_are_slices_of_one_array(count, devs, in_place):
    folds = draw_folds(np.zeros(M), count, np.random.default_rng(1))
    rows = np.arange(M)
    X = np.add.outer(1000 * rows, np.arange(35)).astype(np.float32)
    given, room = X.copy(), np.concatenate([X, np.zeros_like(X)]) if in_place else None
    folded = Folded(folds, devs, X, rows, room=room)
    for k in range(devs):
        (X_train, train), (X_dev, dev) = folded.train(k), folded.dev(k)
        assert sorted(dev) == sorted(rows[folds == k])
        assert sorted(train) == sorted(rows[folds != k])
        np.testing.assert_array_equal(X_train, given[train])
        np.testing.assert_array_equal(X_dev, given[dev])
        assert X_train.base is X_dev.base is not None
        assert (X_train.base is room) == in_place
    np.testing.assert_array_equal(X, given)


# --- the mean as one network ---


@pytest.mark.parametrize("hidden", [[], [7], [5, 4], [3, 4, 5]])
@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_a_merged_network_has_the_mean_of_z(hidden, output):
    n_out = 3 if output == "softmax" else 1
    networks = [
        fastnn.Network(
            [4, *hidden, n_out], activation="gelu", output=output, dtype="float64", rng=k
        )
        for k in range(3)
    ]
    rng = np.random.default_rng(0)
    for net in networks:
        net.theta = rng.normal(size=net.theta.size)
    weights = [0.5, 0.0, 0.5]
    X = rng.normal(size=(11, 4))
    Z = sum(w * net.layers(X)[-1].Z for w, net in zip(weights, networks, strict=True))
    whole = merged(networks, weights)
    np.testing.assert_allclose(whole.layers(X)[-1].Z, Z, rtol=1e-12, atol=1e-12)
    assert whole.layer_sizes[1:-1] == tuple(2 * n for n in hidden)


# --- the blend ---


@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_a_blend_is_better_than_chance_and_has_the_same_bits(output):
    train, test = examples(output), examples(output, 1_000, seed=1)
    n_out = 3 if output == "softmax" else 1
    blends = [
        fit_blend(train, output=output, n_outputs=n_out, quality="fast", seed=3, n_jobs=jobs)
        for jobs in (1, 3)
    ]
    assert not blends[0].interrupted
    nets = [blend.network for blend in blends]
    np.testing.assert_array_equal(nets[0].theta, nets[1].theta)
    assert nets[0].error(test.X, test.y) < (0.2 if output == "identity" else 0.15)
    assert len(nets[0].history) > 5


def test_best_is_better_than_fast():
    train, test = examples("identity"), examples("identity", 2_000, seed=1)
    costs = [
        fit_blend(train, output="identity", n_outputs=1, quality=quality, n_jobs=1).network.cost(
            test.X, test.y
        )
        for quality in ("fast", "best")
    ]
    assert costs[1] < costs[0]


def test_useless_inputs_are_left_out():
    """Where a few of many inputs tell y, the sparse networks count."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 100)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    net = fit_blend(Rows(X, y), output="sigmoid", n_outputs=1, quality="fast", n_jobs=1).network
    W = np.abs(net.params["W1"][:, -64:])
    assert (W[:2].max(axis=1) > 0.1).all()
    assert (W[2:] == 0).mean() > 0.8


def test_own_dev_rows_weights_and_groups():
    train, dev = examples("sigmoid"), examples("sigmoid", 100, seed=1)
    options = {"output": "sigmoid", "n_outputs": 1, "quality": "fast", "n_jobs": 1}
    own = fit_blend(train, dev=dev, **options).network
    assert own.error(*dev[:2]) < 0.15
    # Rows without weight have no say, be their labels wrong.
    weight = np.ones(len(train.y), np.float32)
    weight[:100] = 0
    wrong = np.where(weight > 0, train.y, 1 - train.y)
    weighted = fit_blend(Rows(train.X, wrong, weight), **options).network
    assert weighted.error(*dev[:2]) < 0.15
    groups = np.arange(len(train.y)) // 7
    assert fit_blend(train, groups=groups, **options).network.error(*dev[:2]) < 0.15


@pytest.mark.parametrize("m", [2, 7, 8, 11])
def test_a_few_rows_are_enough(m):
    train = examples("identity", m)
    net = fit_blend(train, output="identity", n_outputs=1, n_jobs=1).network
    assert np.isfinite(net.forward(train.X)).all()
    one_group = np.zeros(m)
    net = fit_blend(train, output="identity", n_outputs=1, groups=one_group, n_jobs=1).network
    assert np.isfinite(net.forward(train.X)).all()


def interrupt_after(monkeypatch, count, epochs):
    """Ctrl-C, as it were, once network `count` (from 0) has done so many epochs."""
    fits = itertools.count()

    class Watch(progress_bar.Watch):
        def __init__(self, k, bar, stop):
            super().__init__(k, bar, stop)
            self._number = next(fits)

        def epoch(self, history):
            if self._number == count and len(history) == epochs:
                raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "Watch", Watch)


def test_an_interrupted_blend_goes_on_from_its_directory(monkeypatch, tmp_path):
    train, folder = examples("identity"), tmp_path / "states"
    options = {"output": "identity", "n_outputs": 1, "quality": "fast", "n_jobs": 1}
    whole = fit_blend(train, **options)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1, 4)
        part = fit_blend(train, checkpoint=folder, **options)
    assert part.interrupted
    # The mean is that of the network that had ended: its twin at the fourth epoch has no say.
    assert part.network.layer_sizes[1:-1] == (64, 32)
    assert sorted(path.name for path in folder.iterdir())[0] == "network-00.checkpoint"
    trained = []
    original = side_by_side.run
    with monkeypatch.context() as patch:
        patch.setattr(
            side_by_side,
            "run",
            lambda task, watch: trained.append(original(task, watch)) or trained[-1],
        )
        again = fit_blend(train, checkpoint=folder, **options)
    np.testing.assert_array_equal(again.network.theta, whole.network.theta)
    assert trained[0].dev_cost == part.network.history.dev_cost  # read, not trained


def test_an_interrupted_blend_without_a_whole_fit(monkeypatch):
    train = examples("identity")
    interrupt_after(monkeypatch, 0, 3)
    part = fit_blend(train, output="identity", n_outputs=1, quality="fast", n_jobs=1)
    assert part.interrupted
    assert len(part.network.history) == 3


def test_other_data_does_not_go_on_from_a_directory(tmp_path):
    options = {"output": "identity", "n_outputs": 1, "quality": "fast", "n_jobs": 1}
    fit_blend(examples("identity", 40), checkpoint=tmp_path, **options)
    with pytest.raises(ValueError, match=r"networks\[0\]: .*X"):
        fit_blend(examples("identity", 40, seed=1), checkpoint=tmp_path, **options)


def test_an_unknown_quality_is_refused():
    with pytest.raises(ValueError, match="quality"):
        fit_blend(examples("sigmoid"), output="sigmoid", n_outputs=1, quality="good")
