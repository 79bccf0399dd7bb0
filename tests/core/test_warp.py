"""The pixels of augmented images, against SciPy in float64 with the same random numbers."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from fastnn import _kernels
from fastnn._kernels import Augmenter, Rows
from fastnn.augment.elastic import Elastic
from fastnn.augment.images import Images

SHAPES = [(28, 28), (1, 1), (1, 40), (40, 1), (3, 5), (17, 33), (28, 28, 3), (5, 4, 2)]
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
ALL = {"flip": 0.5, "rotation": (-40, 70), "zoom": (0.5, 1.8), "shift": 3.5}
SETTINGS = {
    "flip": {"flip": 0.5},
    "rotation": {"rotation": 180},
    "zoom": {"zoom": (0.3, 3)},
    "shift": {"shift": (-4, 7)},
    "noise": {"noise": 0.7},
    "elastic": {"elastic": Elastic(20, 2.5)},
    "fine elastic": {"elastic": Elastic(2, 0.3)},
    "wide elastic": {"elastic": Elastic(200, 20)},
    "all": ALL,
    "all, at the edge": ALL | {"fill": "edge"},
    "all and elastic": ALL | {"elastic": Elastic(20, 3)},
    "all and elastic and noise": ALL | {"elastic": Elastic(9, 2), "noise": 0.1, "fill": "edge"},
}


def settings_for(name, shape):
    """With shifts that leave something of so small an image."""
    settings = dict(SETTINGS[name])
    shift = settings.get("shift", 0)
    low, high = shift if isinstance(shift, tuple) else (-shift, shift)
    most = max(shape[:2]) - 0.25
    if shift and max(-low, high) > most:
        settings["shift"] = max(low, -most), min(high, most)
    return settings


# --- the reference ---------------------------------------------------------------------------


def words(seed, epoch, row, drawing):
    counter = row & 0xFFFFFFFF, row >> 32, epoch, drawing
    return _kernels.philox(counter, (seed & 0xFFFFFFFF, seed >> 32))


def hashed(keys, count):
    """random.h: two rounds of multiplication and shifts, keyed in between."""
    x = np.arange(count, dtype=np.uint32) ^ np.uint32(keys[0])
    x = (x ^ x >> 16) * np.uint32(0x7FEB352D)
    x = (x ^ x >> 15) + np.uint32(keys[1])
    x *= np.uint32(0x846CA68B)
    return x ^ x >> 16


def reference(images, X, seed, epoch, row):
    """An augmented copy of row `row` of X, from the definitions."""
    height, width, channels = images.image_shape(X.shape[1])
    image = X[row].astype(np.float64).reshape(height, width, channels)

    def uniform(value, word):
        low, high = value if isinstance(value, tuple) else (-value, value)
        return low + (high - low) * (word + 0.5) / 2**32

    first, second = words(seed, epoch, row, 1), words(seed, epoch, row, 2)
    angle = np.deg2rad(uniform(images.rotation, first[1]))
    zoom = uniform(images.zoom, first[2])
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    y, x = y.astype(float), x.astype(float)
    if images.elastic:
        keys = words(seed, epoch, row, 3)
        for field, at in ((x, 0), (y, 2)):
            drawn = hashed(keys[at : at + 2], height * width).view(np.int32) / 2.0**31
            field += images.elastic.alpha * scipy.ndimage.gaussian_filter(
                drawn.reshape(height, width), images.elastic.sigma, mode="constant"
            )
    # Backwards, step by step.
    y -= (height - 1) / 2 + uniform(images.shift, second[0])
    x -= (width - 1) / 2 + uniform(images.shift, second[1])
    y, x = y / zoom, x / zoom
    y, x = (y * np.cos(angle) + x * np.sin(angle)), (x * np.cos(angle) - y * np.sin(angle))
    if images.crop:
        crop = images.crop if isinstance(images.crop, tuple) else (images.crop, images.crop)
        top = second[2] * (height - crop[0] + 1) >> 32
        left = second[3] * (width - crop[1] + 1) >> 32
        # Centres of the corner pixels on centres of the window's corner pixels.
        if height > 1:
            y *= (crop[0] - 1) / (height - 1)
        if width > 1:
            x *= (crop[1] - 1) / (width - 1)
        y += top + (crop[0] - height) / 2
        x += left + (crop[1] - width) / 2
    if (first[0] + 0.5) / 2**32 < images.flip:
        x = -x
    y, x = y + (height - 1) / 2, x + (width - 1) / 2
    mode = {"zero": "grid-constant", "edge": "nearest"}[images.fill]
    warped = np.stack(
        [
            scipy.ndimage.map_coordinates(image[..., c], (y, x), order=1, mode=mode)
            for c in range(channels)
        ],
        axis=-1,
    ).ravel()
    if images.noise:
        keys = words(seed, epoch, row, 4)
        u, turn = ((hashed(keys[at : at + 2], warped.size) >> 1) / 2.0**31 for at in (0, 2))
        normal = np.sqrt(-2 * np.log(u + 0.5 / 2**31)) * np.cos(2 * np.pi * turn)
        warped += images.noise * normal
    return warped


def pictures(shape, rows=6, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((rows, int(np.prod(shape)))).astype(dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("settings", SETTINGS)
def test_like_scipy(settings, shape, dtype):
    images = Images(shape, **settings_for(settings, shape))
    X = pictures(shape, dtype=dtype)
    seed, epoch = 2**60 + 12345, 3
    found = images.apply(X, seed, epoch=epoch)
    assert found.dtype == dtype
    for row in range(len(X)):
        np.testing.assert_allclose(
            found[row], reference(images, X, seed, epoch, row), rtol=0, atol=TOLERANCE[dtype]
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "crop"),
    [
        ((28, 28), 24),
        ((28, 28), (1, 28)),
        ((3, 5), (2, 4)),
        ((9, 17, 3), (5, 17)),
        ((4, 4), 4),
        ((1, 1), 1),
    ],
)
def test_crops_like_scipy(shape, crop, dtype):
    images = Images(shape, crop=crop, flip=0.5, rotation=10)
    X = pictures(shape, dtype=dtype)
    found = images.apply(X, 7)
    expected = [reference(images, X, 7, 0, row) for row in range(len(X))]
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "crop"),
    [((5, 5), 3), ((32, 32, 3), 28), ((7, 9), 1), ((28, 28), (27, 2)), ((1, 9), (1, 4))],
)
def test_a_crop_shows_the_window_and_nothing_else(shape, crop, dtype):
    ones = np.ones((20, *shape), dtype)
    np.testing.assert_allclose(Images(crop=crop).apply(ones, 1), 1, rtol=0, atol=TOLERANCE[dtype])
    # The corners of the result are pixels of the source, those of the window.
    X = pictures(shape, rows=20, dtype=dtype)
    height, width, channels = (*shape, 1)[:3]
    source = X.reshape(20, height, width, channels)
    found = Images(shape, crop=crop).apply(X, 1).reshape(source.shape)
    side = crop if isinstance(crop, tuple) else (crop, crop)
    augmenter = Images(shape, crop=crop).augmenter(X.shape[1])
    for row in range(20):
        top, left = augmenter.placement(1, 0, row)["window"]
        for at, y in ((0, top), (-1, top + side[0] - 1)):
            for along, x in ((0, left), (-1, left + side[1] - 1)):
                if side[0] > 1 and side[1] > 1:
                    np.testing.assert_allclose(
                        found[row, at, along], source[row, y, x], rtol=0, atol=TOLERANCE[dtype]
                    )


# --- what is exact ---------------------------------------------------------------------------


@pytest.mark.parametrize("fill", ["zero", "edge"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
class TestExact:
    def test_nothing_asked_for_changes_no_bit(self, shape, dtype, fill):
        X = pictures(shape, dtype=dtype)
        X[0] = -0.0
        X[1] = np.finfo(dtype).max
        assert Images(shape, fill=fill).apply(X, 5).tobytes() == X.tobytes()

    def test_an_elastic_distortion_by_nothing(self, shape, dtype, fill):
        """Through the whole interpolation."""
        X = pictures(shape, dtype=dtype)
        X[1] = np.finfo(dtype).max
        images = Images(shape, elastic=Elastic(1e-300, 1), fill=fill)
        np.testing.assert_array_equal(images.apply(X, 5), X, strict=True)

    def test_flip(self, shape, dtype, fill):
        X = pictures(shape, dtype=dtype)
        images = Images(shape, flip=1.0, fill=fill)
        once = images.apply(X, 5)
        height, width, channels = (*shape, 1)[:3]
        mirrored = X.reshape(-1, height, width, channels)[:, :, ::-1].reshape(X.shape)
        np.testing.assert_array_equal(once, mirrored, strict=True)
        np.testing.assert_array_equal(images.apply(once, 6), X, strict=True)

    @pytest.mark.parametrize("pixels", [-2, 1, 27])
    def test_shift_by_whole_pixels(self, shape, dtype, fill, pixels):
        X = pictures(shape, dtype=dtype)
        if abs(pixels) >= max(shape[:2]):
            with pytest.raises(ValueError, match="shift of less than the image's"):
                Images(shape, shift=(pixels, pixels), fill=fill).apply(X, 5)
            return
        found = Images(shape, shift=(pixels, pixels), fill=fill).apply(X, 5)
        height, width, channels = (*shape, 1)[:3]
        mode = {"mode": "constant"} if fill == "zero" else {"mode": "edge"}
        padded = np.pad(
            X.reshape(-1, height, width, channels), ((0, 0), (100, 100), (100, 100), (0, 0)), **mode
        )
        expected = padded[:, 100 - pixels :][:, :height, 100 - pixels :][:, :, :width]
        np.testing.assert_array_equal(found, expected.reshape(X.shape), strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(28, 28), (7, 7), (6, 6, 3), (1, 1)], ids=str)
def test_quarter_turns(shape, dtype):
    X = pictures(shape, dtype=dtype)
    for turns in range(-4, 5):
        found = Images(shape, rotation=(90.0 * turns, 90.0 * turns), fill="edge").apply(X, 5)
        expected = np.rot90(X.reshape(-1, *shape), turns, axes=(1, 2)).reshape(X.shape)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype])


def test_zoom_enlarges_and_a_constant_stays_constant():
    X = np.zeros((1, 9 * 9))
    X[0, 40] = 1
    assert Images(zoom=(3, 3)).apply(X).sum() == pytest.approx(9)
    X[:] = 0.7
    images = Images(fill="edge", **ALL, elastic=Elastic(30, 2), crop=5)
    np.testing.assert_allclose(images.apply(X, 3), X, rtol=1e-14)


# --- what is drawn ---------------------------------------------------------------------------


def placements(count=4000, **settings):
    shape = settings.pop("shape", (28, 28))
    augmenter = Images(shape, **settings).augmenter(int(np.prod(shape)))
    return [augmenter.placement(11, 2, row) for row in range(count)]


def test_parameters_are_uniform_in_their_ranges_and_independent():
    drawn = placements(flip=0.3, rotation=(-20, 50), zoom=(0.8, 1.4), shift=2, crop=(20, 25))
    flips = np.array([p["flip"] for p in drawn])
    assert scipy.stats.binomtest(int(flips.sum()), len(flips), 0.3).pvalue > 1e-3
    columns = {
        "angle": ([np.rad2deg(p["angle"]) for p in drawn], -20, 50),
        "zoom": ([p["zoom"] for p in drawn], 0.8, 1.4),
        "down": ([p["shift"][0] for p in drawn], -2, 2),
        "right": ([p["shift"][1] for p in drawn], -2, 2),
    }
    for name, (values, low, high) in columns.items():
        assert min(values) >= low, name
        assert max(values) <= high, name
        uniform = scipy.stats.uniform(low, high - low)
        assert scipy.stats.kstest(values, uniform.cdf).pvalue > 1e-3, name
    for axis, places in ((0, 9), (1, 4)):
        counts = np.bincount([p["window"][axis] for p in drawn], minlength=places)
        assert counts.size == places
        assert scipy.stats.chisquare(counts).pvalue > 1e-3
    table = [
        flips,
        *(values for values, _, _ in columns.values()),
        *([p["window"][axis] for p in drawn] for axis in (0, 1)),
    ]
    apart = np.corrcoef(np.array(table, float))[np.triu_indices(7, 1)]
    assert np.abs(apart).max() < 4.5 / np.sqrt(len(drawn))


def test_probabilities_of_0_and_1_are_never_and_always():
    assert not any(p["flip"] for p in placements(flip=0.0))
    assert all(p["flip"] for p in placements(flip=1.0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise_is_normal_and_independent(dtype):
    X = np.zeros((200, 1000), dtype)
    noise = Images((20, 50), noise=2.0).apply(X, 4) / 2
    assert scipy.stats.kstest(noise.ravel(), scipy.stats.norm.cdf).pvalue > 1e-3
    assert abs(scipy.stats.kurtosis(noise, axis=None)) < 4 * np.sqrt(24 / noise.size)
    for shifted in (noise[1:] * noise[:-1], noise[:, 1:] * noise[:, :-1]):
        assert abs(shifted.mean(dtype=float)) < 4.5 / np.sqrt(shifted.size)


def test_elastic_moves_pixels_as_far_as_documented():
    """A ramp, distorted, shows the displacement itself."""
    ramp = np.tile(np.arange(101.0), (101, 1))[None].repeat(30, 0)
    moved = Images(elastic=Elastic(34, 4)).apply(ramp, 2)[:, 20:81, 20:81] - ramp[:, 20:81, 20:81]
    assert moved.std() == pytest.approx(34 / (2 * 4 * np.sqrt(3 * np.pi)), rel=0.05)
    assert abs(moved.mean()) < 0.1


# --- whatever the data and the parameters ----------------------------------------------------


@pytest.mark.parametrize("number", "efdbBhHiIlLqQ?")
def test_any_number_type(number):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2 if number == "?" else 100, (5, 35)).astype(number)
    images = Images((5, 7), **ALL)
    dtype = "float64" if number == "d" else "float32"
    np.testing.assert_array_equal(images.apply(X), images.apply(X.astype(dtype)), strict=True)
    assert images.apply(X.astype(X.dtype.newbyteorder(">"))).dtype == dtype


def test_any_strides():
    X = pictures((6, 8), rows=7)
    images = Images((6, 8), **ALL)
    expected = images.apply(X)
    wide = np.full((14, 96), np.nan)
    wide[::2, ::-2] = X
    for other in (np.asfortranarray(X), wide[::2, ::-2], X.tolist(), X.reshape(7, 6, 8)):
        np.testing.assert_array_equal(images.apply(other).reshape(X.shape), expected)
    X.flags.writeable = False
    np.testing.assert_array_equal(images.apply(X), expected)


def raw(**changes):
    arguments = {
        "shape": (6, 5, 2),
        "flip": 0.5,
        "angle": (0, 0),
        "zoom": (1, 1),
        "shift": (0, 0),
        "crop": (6, 5),
        "alpha": 0.0,
        "taps": [1.0],
        "noise": 0.0,
        "edge": False,
    }
    return Augmenter(*(arguments | changes).values())


WILD = [float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 1e-300, 0.0, -0.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["angle", "zoom", "shift", "alpha", "taps", "flip"])
def test_wild_parameters_read_only_the_image(name, dtype):
    """Past the checks of `Images`: results may mean nothing, but are mixtures of the pixels."""
    X = np.full((3, 60), 5, dtype)
    for value in WILD:
        pair = name in ("angle", "zoom", "shift")
        changes = {name: (value, value) if pair else [value] * 3 if name == "taps" else value}
        if name == "taps":
            changes["alpha"] = 3.0
        for edge in (False, True):
            out = np.empty_like(X)
            raw(edge=edge, **changes).copies(Rows(X, X.shape), 1, 2, 0, out)
            assert np.isfinite(out).all()
            assert out.min() >= (4.999 if edge else 0)
            assert out.max() <= 5.001


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (0, 5, 2)},
        {"shape": (6, -5, 2)},
        {"shape": (6, 5, 0)},
        {"shape": (2**21, 1, 1)},
        {"shape": (2**20, 2**20, 1)},
        {"shape": (2**15, 2**15, 2**30)},
        {"crop": (7, 5)},
        {"crop": (0, 5)},
        {"crop": (6, -1)},
        {"taps": []},
        {"taps": [0.5, 0.5]},
    ],
    ids=str,
)
def test_augmenter_refuses_what_does_not_fit(changes):
    with pytest.raises(ValueError, match="do not fit"):
        raw(**changes)


def test_copies_refuses_what_does_not_fit():
    X = np.ones((3, 60))
    rows = Rows(X, X.shape)
    for first, shape in [(-1, (1, 60)), (4, (0, 60)), (0, (4, 60)), (2, (2, 60)), (0, (3, 59))]:
        with pytest.raises(ValueError, match="do not fit"):
            raw().copies(rows, 0, 0, first, np.empty(shape))
    with pytest.raises(ValueError, match="do not fit"):
        raw(shape=(6, 5, 1)).copies(rows, 0, 0, 0, np.empty((3, 60)))
    with pytest.raises((ValueError, BufferError)):
        raw().copies(rows, 0, 0, 0, np.empty((3, 60), np.int64))
    raw().copies(rows, 0, 0, 3, np.empty((0, 60)))
