"""Augmentation in `fit`, by itself and as a picture, and settings that are refused."""

import copy
import pickle

import matplotlib as mpl
import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_digits
from variants import OTHERS, once, run_on

import fastnn
from fastnn import Network, _kernels
from fastnn.augment.elastic import Elastic
from fastnn.augment.images import Images

mpl.use("Agg")

IMAGES = Images(rotation=15, shift=1, zoom=(0.9, 1.1), flip=0.5)
EVERYTHING = Images(
    rotation=15,
    shift=1,
    zoom=(0.9, 1.1),
    flip=0.5,
    crop=7,
    elastic=Elastic(5, 2),
    noise=0.1,
    fill="edge",
)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def network(dtype="float32", rng=0, **options):
    return Network([64, 24, 10], dtype=dtype, rng=rng, **options)


# --- in fit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["adam", "gd"])
@pytest.mark.parametrize("batch_size", [32, None])
def test_fit_is_descent_on_the_copies_that_apply_shows(digits, dtype, optimizer, batch_size):
    """`fit` gives the same theta as fits of one epoch each on the copies that `apply` makes.

    A new fit begins with new moments: hence several epochs of gd, and one of adam.
    """
    X, y = digits[0][:500], digits[1][:500]
    epochs = 3 if optimizer == "gd" else 1
    options = {
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": 0.05,
        "shuffle": False,
    }
    net, other = network(dtype), network(dtype)
    history = net.fit(X, y, epochs=epochs, augment=EVERYTHING, **options)
    for epoch in range(epochs):
        copies = EVERYTHING.apply(X.astype(dtype), history.dropout_seed, epoch=epoch)
        assert not np.array_equal(copies, X)
        other.fit(copies, y, epochs=1, **options)
    assert net.theta.tobytes() == other.theta.tobytes()


def test_cost_and_errors_are_of_the_images_themselves(digits):
    X, y = digits
    net = network()
    history = net.fit(X, y, dev=(X[:100], y[:100]), epochs=2, augment=EVERYTHING)
    assert history.cost[-1] == pytest.approx(net.cost(X, y), rel=1e-6)
    assert history.train_error[-1] == net.error(X, y)
    assert history.dev_cost[-1] == pytest.approx(net.cost(X[:100], y[:100]), rel=1e-6)


@pytest.mark.parametrize("shuffle", [False, True])
def test_images_that_stay_make_the_same_theta(digits, shuffle):
    """The whole path with all distortions off: X is gathered instead of read in place."""
    plain, augmented = network(), network()
    X = digits[0].astype(np.float32)
    for net, augment in ((plain, None), (augmented, Images())):
        net.fit(X, digits[1], epochs=3, shuffle=shuffle, augment=augment)
    assert plain.theta.tobytes() == augmented.theta.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [48, 700, None])
def test_the_same_bits_at_any_number_of_threads(digits, dtype, batch_size):
    def theta(threads):
        net = network(dtype, keep_prob=[0.9, 0.8])
        net.fit(*digits, epochs=3, augment=EVERYTHING, batch_size=batch_size, threads=threads)
        return net.theta.tobytes()

    one = theta(1)
    for threads in (2, 3, 7):
        assert theta(threads) == one, f"{threads} threads"


def test_copies_depend_on_seed_epoch_and_row_alone(digits):
    X = digits[0][:50]
    copies = EVERYTHING.apply(X, 9, epoch=1)
    np.testing.assert_array_equal(EVERYTHING.apply(X[:20], 9, epoch=1), copies[:20])
    assert not np.array_equal(EVERYTHING.apply(X, 9, epoch=2), copies)
    assert not np.array_equal(EVERYTHING.apply(X, 9 + 2**40, epoch=1), copies)
    same = EVERYTHING.apply(np.tile(X[:1], (50, 1)), 9, epoch=1)
    assert len(np.unique(same, axis=0)) == 50


def test_a_second_fit_draws_other_copies(digits):
    net = network()
    seeds = [net.fit(*digits, epochs=1, augment=IMAGES).dropout_seed for _ in range(2)]
    assert seeds[0] != seeds[1]


@pytest.mark.parametrize(
    "kind",
    [
        np.asfortranarray,
        lambda X: X.astype("uint8"),
        lambda X: X.repeat(2, 0)[::2],
        np.ndarray.tolist,
    ],
)
def test_any_kind_of_X_is_left_as_it_was(digits, kind):
    X = np.round(digits[0] * 16)
    thetas = []
    for data in (X, kind(X)):
        before = copy.deepcopy(data)
        net = network()
        net.fit(data, digits[1], epochs=2, augment=IMAGES, shuffle=False)
        np.testing.assert_array_equal(data, before)
        thetas.append(net.theta.tobytes())
    assert thetas[0] == thetas[1]


def test_weights_early_stopping_and_other_outputs_go_along(digits):
    X, y = digits
    history = network(l2=1.0).fit(
        X,
        y,
        dev=(X, y),
        sample_weight=np.arange(len(y)) % 3,
        epochs=5,
        early_stopping=2,
        augment=IMAGES,
    )
    assert np.isfinite(history.cost).all()
    auto = Network([64, 8, 64], output="identity", rng=0)
    cost = auto.fit(X, X, epochs=30, learning_rate=0.01, augment=Images(noise=0.2)).cost
    assert cost[-1] < cost[0] / 2


@pytest.mark.slow
def test_it_makes_the_network_tolerant(digits):
    """On distorted new images it makes at most a third of the errors, over 3 seeds.

    Measured: 7 % in place of 51 %.
    """
    X, y = digits
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order], y[order]
    images = Images(rotation=20, shift=1, zoom=(0.85, 1.15))
    distorted = images.apply(X[600:], 1)

    def error(seed, augment):
        net = Network([64, 128, 10], keep_prob=0.8, rng=seed)
        net.fit(
            X[:600],
            y[:600],
            epochs=150,
            batch_size=32,
            learning_rate=0.003,
            augment=augment,
            evaluate_every=0,
        )
        return net.error(distorted, y[600:])

    with_it, without = (np.mean([error(seed, a) for seed in range(3)]) for a in (images, None))
    assert with_it < without / 3


# --- by itself -------------------------------------------------------------------------------


def test_apply_keeps_the_shape_and_infers_that_of_the_images():
    rng = np.random.default_rng(0)
    X = rng.random((4, 5, 6, 3), np.float32)
    images = Images((5, 6, 3), rotation=20)
    assert images.apply(X).shape == X.shape
    np.testing.assert_array_equal(images.apply(X), images.apply(X.reshape(4, 90)).reshape(X.shape))
    np.testing.assert_array_equal(Images(rotation=20).apply(X), images.apply(X))
    assert Images(rotation=20).apply(rng.random((2, 4, 6))).dtype == "float64"


def test_settings_are_values():
    assert IMAGES == Images(rotation=15, shift=1, zoom=(0.9, 1.1), flip=0.5) != EVERYTHING
    assert pickle.loads(pickle.dumps(EVERYTHING)) == EVERYTHING
    assert eval(repr(EVERYTHING)) == EVERYTHING
    assert repr(Images()) == "Images()"


def test_the_sheet_shows_originals_and_copies(digits):
    X = digits[0][:20]
    display = IMAGES.plot(X, rows=3, copies=4, seed=5)
    mosaic = display.ax_.images[0].get_array()
    assert mosaic.shape == (3 * 9 - 1, 5 * 9 - 1 + 2)
    np.testing.assert_allclose(mosaic[9:17, :8], X[1].reshape(8, 8))
    second = IMAGES.apply(X, 5, epoch=1)[1].reshape(8, 8)
    np.testing.assert_allclose(mosaic[9:17, 20:28], second)
    assert display.figure_ is display.ax_.figure
    mpl.pyplot.close(display.figure_)


def test_the_sheet_goes_where_it_is_told(digits):
    figure, ax = mpl.pyplot.subplots()
    colours = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)
    for images, X in [
        (Images(rotation=9), colours),
        (Images((5, 6, 3)), colours.reshape(4, 90)),
        (Images(), np.zeros((1, 4))),
    ]:
        assert images.plot(X, ax=ax).ax_ is ax
    with pytest.raises(ValueError, match="1 or 3 channels"):
        Images((8, 4, 2)).plot(digits[0])
    mpl.pyplot.close(figure)


# --- refusals --------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
SETTINGS = [
    ({"shape": 28}, ValueError, r"shape to be \(height, width\).*got 28"),
    ({"shape": "ab"}, ValueError, r"shape to be \(height, width\).*got 'ab'"),
    ({"shape": (28,)}, ValueError, r"\(height, width\) or .*got \(28,\)"),
    ({"shape": (2, 2, 2, 2)}, ValueError, r"or \(height, width, channels\), got"),
    ({"shape": (0, 4)}, ValueError, r"shape\[0\] to be at least 1.*got 0"),
    ({"shape": (4, -1)}, ValueError, r"shape\[1\] to be at least 1.*got -1"),
    ({"shape": (4.0, 4)}, TypeError, r"shape\[0\] to be an integer, got 4\.0"),
    ({"shape": (2**21, 1)}, ValueError, r"shape\[0\] to be at least 1 and at most 1048576"),
    ({"shape": (2**20, 2**20)}, ValueError, "shape to have at most"),
    ({"flip": 1.5}, ValueError, r"flip in \[0, 1\], got 1\.5"),
    ({"flip": -0.1}, ValueError, r"flip in \[0, 1\]"),
    ({"flip": NAN}, ValueError, r"flip in \[0, 1\], got nan"),
    ({"flip": "yes"}, TypeError, "flip to be a number, got 'yes'"),
    ({"rotation": (30, -30)}, ValueError, r"rotation to be \(low, high\), got \(30, -30\).*rever"),
    ({"rotation": -5}, ValueError, r"rotation in \[0, inf\), got -5"),
    ({"rotation": INF}, ValueError, "rotation in"),
    ({"rotation": (0, INF)}, ValueError, r"rotation\[1\] in"),
    ({"rotation": (1, 2, 3)}, ValueError, r"rotation to be a pair \(low, high\), got \(1, 2, 3\)"),
    ({"rotation": None}, TypeError, "rotation to be a number, got None"),
    ({"rotation": ("a", "b")}, TypeError, r"rotation\[0\] to be a number, got 'a'"),
    ({"shift": (2, 1)}, ValueError, "shift.*reversed"),
    ({"shift": NAN}, ValueError, "shift in"),
    ({"zoom": 1.1}, TypeError, r"zoom to be a pair \(low, high\) of factors.*got 1\.1"),
    ({"zoom": (1.1, 0.9)}, ValueError, r"zoom to be \(low, high\), got \(1\.1, 0\.9\).*reversed"),
    ({"zoom": (0, 1)}, ValueError, r"zoom\[0\] in \[0.01, 100\], got 0"),
    ({"zoom": (-1, 1)}, ValueError, r"zoom\[0\] in \[0.01, 100\], got -1"),
    ({"zoom": (1, NAN)}, ValueError, r"zoom\[1\] in \[0.01, 100\], got nan"),
    ({"zoom": (1, 1e9)}, ValueError, r"zoom\[1\] in \[0.01, 100\], got 1000000000"),
    ({"crop": 0}, ValueError, "height of crop to be at least 1.*got 0"),
    ({"crop": (3, 2, 1)}, ValueError, r"pair \(height, width\), got \(3, 2, 1\)"),
    ({"crop": 2.5}, TypeError, "height of crop to be an integer, got 2.5"),
    ({"shape": (8, 6), "crop": 7}, ValueError, "width of crop to be .*at most 6, got 7"),
    ({"elastic": 34}, TypeError, r"elastic to be None or a fastnn\.augment\.Elastic.*got 34"),
    ({"noise": -1}, ValueError, r"noise in \[0, inf\), got -1"),
    ({"noise": INF}, ValueError, r"noise in \[0, inf\), got inf"),
    ({"fill": "mirror"}, ValueError, "unknown fill 'mirror'; known: zero, edge"),
    ({"fill": 0}, TypeError, "fill to be a name, got 0.*zero, edge"),
]


@pytest.mark.parametrize(("settings", "error", "message"), SETTINGS)
def test_settings_that_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        Images(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((-1, 4), r"alpha of Elastic in \[0, inf\), got -1"),
        ((1, 0), r"sigma of Elastic in \(0, 100\], got 0"),
        ((NAN, 4), "alpha of Elastic"),
        ((1, 1e9), "sigma of Elastic"),
    ],
)
def test_elastic_that_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Elastic(*settings)


FITS = [
    ({"augment": True}, TypeError, r"augment to be None or a fastnn\.augment\.Images.*got True"),
    ({"augment": Images}, TypeError, "augment to be None or"),
    ({"augment": Images(shape=(28, 28))}, ValueError, "images of 64 numbers.*which has 784"),
    ({"augment": Images(shape=(8, 8, 3))}, ValueError, "images of 64 numbers.*which has 192"),
    ({"augment": Images(crop=9)}, ValueError, "height of crop to be .*at most 8, got 9"),
    ({"augment": Images(), "optimizer": "lbfgs"}, ValueError, "lbfgs minimizes J.*augmentation"),
]


@pytest.mark.parametrize(("options", "error", "message"), FITS)
def test_a_refused_fit_changes_nothing(digits, options, error, message):
    net = network()
    theta, state = net.theta.copy(), net.rng.bit_generator.state
    with pytest.raises(error, match=message):
        net.fit(*digits, **options)
    assert (net.theta == theta).all()
    assert net.rng.bit_generator.state == state
    assert net.history is None


def test_features_that_are_no_square():
    with pytest.raises(ValueError, match=r"expected shape=.*63 features are not a square"):
        Network([63, 3], rng=0).fit(np.ones((4, 63)), [0, 1, 2, 0], augment=Images())


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_sparse_images(digits, make):
    X = make(digits[0])
    with pytest.raises(TypeError, match=r"dense array.*X\.toarray"):
        network().fit(X, digits[1], augment=IMAGES)
    with pytest.raises(TypeError, match=r"dense array.*X\.toarray"):
        IMAGES.apply(X)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones(64), ValueError, r"images as rows .* got \(64,\)"),
        (5, ValueError, r"images as rows .* got \(\)"),
        (np.ones((2, 0)), ValueError, r"got \(2, 0\)"),
        (np.ones((1, 2, 3, 4, 5)), ValueError, r"shape to be \(height, width\)"),
        ([["a"] * 4], TypeError, "real numbers"),
        ([[1, 2, NAN, 4]], ValueError, "finite in float.* in row 0"),
    ],
)
def test_apply_refuses(X, error, message):
    with pytest.raises(error, match=message):
        Images(rotation=5).apply(X)
    with pytest.raises(error, match=message):
        Images(rotation=5).plot(X)


@pytest.mark.parametrize(
    "options", [{"seed": -1}, {"seed": 0.5}, {"seed": 2**64}, {"epoch": -1}, {"epoch": None}]
)
def test_apply_refuses_seeds(options):
    with pytest.raises((ValueError, TypeError), match=r"seed|epoch"):
        Images().apply(np.ones((1, 4)), **options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zoom", (NAN, NAN)),
        ("rotation", INF),
        ("crop", 99),
        ("shape", (10**9, 10**9)),
        ("elastic", object()),
        ("noise", -1),
        ("fill", None),
    ],
)
def test_settings_changed_behind_its_back_are_checked_again(digits, name, value):
    images = copy.copy(IMAGES)
    object.__setattr__(images, name, value)
    with pytest.raises((ValueError, TypeError), match=name):
        network().fit(*digits, augment=images)


def test_a_session_refuses_an_augmenter_of_other_images(digits):
    X, y = digits[0], digits[1][:, None]
    arguments = [64, 10], [0, 0], 0, np.zeros(650), _kernels.Rows(X, X.shape)
    rows = _kernels.Rows(y, y.shape)
    session = _kernels.Session(*arguments, rows, None, batch_size=32, threads=1, training=True)
    with pytest.raises(ValueError, match="do not fit"):
        session.set_augmentation(Images().augmenter(49))
    with pytest.raises(TypeError):
        session.set_augmentation(None)
    session.set_augmentation(Images().augmenter(64))
    only_looks = _kernels.Session(*arguments, rows, None, batch_size=32, threads=1, training=False)
    with pytest.raises(ValueError, match="do not fit"):
        only_looks.set_augmentation(Images().augmenter(64))


@pytest.mark.slow
@once
@pytest.mark.parametrize("variant", OTHERS)
def test_every_variant(variant):
    run_on(variant, "core/test_warp.py")


def test_the_namespace_is_public():
    assert "augment" in dir(fastnn)
    assert fastnn.augment.Images is Images


def test_images_are_normalized_after_their_warp():
    """The same bits as training on the copies of `apply`, normalized by hand."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (40, 64)).astype(np.uint8), rng.integers(0, 3, 40)
    images = fastnn.augment.Images(rotation=20, shift=1, noise=2.0)
    normalizer = fastnn.Normalizer().fit(X)
    options = {"epochs": 1, "batch_size": 16, "shuffle": False, "threads": 1}
    net = fastnn.Network([64, 16, 3], normalize=True, rng=0)
    history = net.fit(X, y, augment=images, **options)
    seen = images.apply(X.astype(np.float32), history.dropout_seed, epoch=0)
    hand = fastnn.Network([64, 16, 3], rng=0)
    hand_history = hand.fit(normalizer.as_dtype(np.float32).transform(seen), y, **options)
    assert net.theta.tobytes() == hand.theta.tobytes()
    # Evaluation is on the images as they are.
    assert history.cost[-1] == pytest.approx(hand.cost(normalizer.transform(X), y), rel=1e-5)
    assert history.cost[-1] != pytest.approx(hand_history.cost[-1], rel=1e-5)


def test_images_that_are_not_of_the_shape():
    with pytest.raises(ValueError, match=r"images of shape \(28, 28\), got \(14, 56\) for each"):
        Images(shape=(28, 28)).apply(np.ones((2, 14, 56)))
    for images, X in (
        (Images(shape=(4, 4, 3)), np.ones((2, 3, 4, 4))),
        (Images(), np.ones((2, 3, 28, 28))),
    ):
        with pytest.raises(ValueError, match=r"np\.moveaxis\(X, 1, -1\)"):
            images.apply(X)
    for shape, sides in (((3, 28, 28), (3, 28, 28)), ((4, 4), (4, 4, 1)), ((4, 4, 1), (4, 4))):
        assert Images(shape=shape).apply(np.ones((2, *sides))).shape == (2, *sides)


def test_no_images_are_none():
    for sides in ((784,), (28, 28), (28, 28, 3)):
        found = Images(shift=1).apply(np.zeros((0, *sides)))
        assert found.shape == (0, *sides)
        assert found.dtype == np.float64
    with pytest.raises(ValueError, match="at least one image to draw"):
        Images(shift=1).plot(np.zeros((0, 784)))


def test_fit_takes_images_as_rows():
    net = fastnn.Network([784, 10], rng=0)
    with pytest.raises(ValueError, match=r"pass X\.reshape\(len\(X\), -1\)"):
        net.fit(np.ones((4, 28, 28)), [0, 1, 2, 3], augment=Images(shift=1))


def test_lists_are_as_good_as_tuples():
    lists = Images([8, 8], rotation=[1, 2], crop=[3, 4])
    assert {lists: 1}[Images((8, 8), rotation=(1, 2), crop=(3, 4))] == 1
