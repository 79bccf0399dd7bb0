"""Augmentation of images: every epoch sees another distorted copy of each, with the same label.

>>> import numpy as np, fastnn
>>> from sklearn.datasets import load_digits
>>> X, y = load_digits(return_X_y=True)
>>> images = fastnn.augment.Images(rotation=10, shift=1, zoom=(0.9, 1.1))
>>> net = fastnn.Network([64, 32, 10], rng=0)
>>> history = net.fit(X / 16, y, epochs=20, learning_rate=0.01, augment=images)
>>> bool(net.error(X / 16, y) < 0.1)
True

The geometric distortions are composed into one map, from pixels of the result to points of the
image, so that only one bilinear interpolation blurs it. Compiled code does this while it gathers a
mini-batch. The random draws of an image are a function of (seed, epoch, its row in X): they are the
same for any batch size, order of the rows and number of threads.
"""

import math
from dataclasses import KW_ONLY, dataclass, fields, replace
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn._kernels import Augmenter
from fastnn.arguments import integer, lookup, number, number_range
from fastnn.augment.elastic import Elastic
from fastnn.data.inputs import as_features, as_numbers, is_sparse
from fastnn.plots.augmented import plot_augmented
from fastnn.plots.figure import Display

_FILLS = {"zero": False, "edge": True}
# float32 holds coordinates exactly up to such a side; 32 bits count the places in an image.
_LONGEST_SIDE, _MOST_PIXELS = 2**20, 2**30 - 1
# Numbers that one uninterruptible call writes: some milliseconds.
_AUGMENTED_AT_ONCE = 1 << 20
# Channels of grey, coloured and translucent images.
_COLOURS = 1, 3, 4
# Beyond these factors an image shrinks to a dot, or one pixel of it fills the picture.
_ZOOMS = "[0.01, 100]"


@dataclass(frozen=True)
class Images:
    """Distortions of the images in the rows of X; each is off unless it is set.

    In this order: flip, crop, rotation, zoom, shift, elastic distortion, noise. A range is a pair
    (low, high) in which a value is drawn uniformly for each image; one number r is (-r, r).

    Parameters
    ----------
    shape : (height, width) or (height, width, channels), optional
        Of an image; a row of X holds it in C order, channels last. None: a square with one channel.
    flip : float in [0, 1]
        Probability of a mirror image, left for right. Not for digits or letters.
    crop : int or (height, width), optional
        Pixels of a window at a random place in the image. It is enlarged to the image's size, its
        corner pixels onto the corner pixels of the image.
    rotation : float or (low, high)
        Degrees about the centre, counterclockwise.
    zoom : (low, high)
        Factors on the size of the picture; (0.9, 1.1) is up to a tenth smaller or larger.
    shift : float or (low, high)
        Pixels, drawn separately for each direction; positive is down and to the right.
    elastic : Elastic, optional
        As in ``elastic=fastnn.augment.Elastic(alpha=34, sigma=4)``.
    noise : float
        Standard deviation of Gaussian noise added to every number, in the units of X.
    fill : {"zero", "edge"}
        Beyond the image lies 0, or the nearest of its pixels (for inputs where 0 is not the
        background, as after standardization).

    Raises
    ------
    ValueError, TypeError
        An argument is not as above; the message says what was expected.

    Examples
    --------
    >>> images = Images(shape=(2, 3), flip=1.0)
    >>> images.apply([[1, 2, 3, 4, 5, 6]])
    array([[3., 2., 1., 6., 5., 4.]], dtype=float32)
    """

    shape: tuple[int, ...] | None = None
    _: KW_ONLY
    flip: float = 0.0
    crop: int | tuple[int, int] | None = None
    rotation: float | tuple[float, float] = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    shift: float | tuple[float, float] = 0.0
    elastic: Elastic | None = None
    noise: float = 0.0
    fill: Literal["zero", "edge"] = "zero"

    def __post_init__(self) -> None:
        for f in fields(self):  # lists, as from JSON, could not be hashed
            if isinstance(value := getattr(self, f.name), list):
                object.__setattr__(self, f.name, tuple(value))
        if self.shape is not None:
            _check_shape(self.shape)
        number(self.flip, "flip", "[0, 1]")
        if isinstance(self.zoom, Real):
            raise TypeError(
                f"expected zoom to be a pair (low, high) of factors, as in (0.9, 1.1); got "
                f"{self.zoom!r}"
            )
        self._ranges()
        if self.elastic is not None and not isinstance(self.elastic, Elastic):
            raise TypeError(
                "expected elastic to be None or a fastnn.augment.Elastic(alpha=..., sigma=...), "
                f"got {self.elastic!r}"
            )
        number(self.noise, "noise", "[0, inf)")
        lookup(_FILLS, self.fill, "fill")
        if self.crop is not None:
            self._window(None if self.shape is None else _check_shape(self.shape))

    def __repr__(self) -> str:
        given = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in fields(self)
            if getattr(self, f.name) != f.default
        ]
        return f"Images({', '.join(given)})"

    def image_shape(self, columns: int) -> tuple[int, ...]:
        """(height, width, channels) of an image in a row of `columns` numbers.

        >>> Images().image_shape(784), Images(shape=(4, 4, 3)).image_shape(48)
        ((28, 28, 1), (4, 4, 3))
        """
        if self.shape is None:
            side = math.isqrt(columns)
            if side * side != columns:
                raise ValueError(
                    f"expected shape=(height, width) or (height, width, channels) of the images: "
                    f"{columns} features are not a square"
                )
            return _check_shape((side, side))
        shape = _check_shape(self.shape)
        if math.prod(shape) != columns:
            raise ValueError(
                f"expected images of {columns} numbers, the features of X; got shape {self.shape}, "
                f"which has {math.prod(shape)}"
            )
        return shape

    def augmenter(self, columns: int) -> Augmenter:
        """These settings as the compiled core reads them, for rows of `columns` numbers."""
        self.__post_init__()  # frozen, but object.__setattr__ can still change it
        shape = self.image_shape(columns)
        elastic = self.elastic or Elastic(alpha=0.0, sigma=1.0)
        reach = max(shape[:2]) - 1  # two pixels of an image are never further apart
        middle = len(elastic.taps) // 2
        taps = elastic.taps[max(0, middle - reach) : middle + reach + 1]
        angle, zoom, shift = self._ranges()
        if max(map(abs, shift)) >= max(shape[:2]):
            raise ValueError(
                f"expected shift of less than the image's {max(shape[:2])} pixels, which leaves "
                f"something to see; got {self.shift!r}"
            )
        return Augmenter(
            shape,
            float(self.flip),
            np.deg2rad(angle),
            zoom,
            shift,
            self._window(shape),
            float(elastic.alpha),
            taps,
            float(self.noise),
            _FILLS[self.fill],
        )

    def _ranges(self):
        return (
            number_range(self.rotation, "rotation", "(-inf, inf)"),
            number_range(self.zoom, "zoom", _ZOOMS),
            number_range(self.shift, "shift", "(-inf, inf)"),
        )

    def _window(self, shape):
        """(height, width) of the window that `crop` cuts from an image; `shape` None if unknown."""
        if self.crop is None:
            return shape[:2]
        crop = self.crop if isinstance(self.crop, tuple | list) else (self.crop, self.crop)
        if len(crop) != 2:
            raise ValueError(
                f"expected crop to be a number of pixels or a pair (height, width), got {crop!r}"
            )
        most = (_LONGEST_SIDE,) * 2 if shape is None else shape[:2]
        return tuple(
            integer(side, f"the {name} of crop", 1, limit)
            for side, name, limit in zip(crop, ("height", "width"), most, strict=True)
        )

    def apply(self, X: ArrayLike, seed: int = 0, *, epoch: int = 0) -> NDArray[np.floating[Any]]:
        """Augmented copies of the images, to look at or for another library.

        With the seed `History.dropout_seed` they are the copies that `fit` made in that epoch.

        Parameters
        ----------
        X : (m, n) or (m, height, width) or (m, height, width, channels) array-like
        seed : int
        epoch : int
            Another epoch gives other copies.

        Returns
        -------
        array of the shape of X, float64 if X is, else float32
        """
        images = _as_images(X)
        self._check_sides(images)
        seed = integer(seed, "seed", 0, 2**64 - 1)
        epoch = integer(epoch, "epoch", 0, 2**32 - 1)
        if images.ndim > 2 and self.shape is None:
            known = replace(self, shape=images.shape[1:])
            return known.apply(images, seed, epoch=epoch)
        flat = images.reshape(len(images), math.prod(images.shape[1:]))  # -1 fails for no images
        dtype = np.dtype("float64" if images.dtype == np.float64 else "float32")
        augmenter = self.augmenter(flat.shape[1])
        rows = as_features(flat, flat.shape[1], dtype)
        out = np.empty(flat.shape, dtype)
        if not len(out):
            return out.reshape(images.shape)
        at_once = max(1, _AUGMENTED_AT_ONCE // flat.shape[1])
        for first in range(0, len(out), at_once):
            augmenter.copies(rows, seed, epoch, first, out[first : first + at_once])
        return out.reshape(images.shape)

    def augmenter_for(self, X: Any, columns: int) -> Augmenter:
        """The compiled form for the X of a fit, which must be dense with so many columns."""
        _refuse_sparse(X)
        sides = np.shape(X)
        if len(sides) > 2 and math.prod(sides[1:]) == columns:
            raise ValueError(
                f"expected X to have shape (m, {columns}) in fit, images as rows, got "
                f"{sides}; pass X.reshape(len(X), -1)"
            )
        return self.augmenter(columns)

    def _check_sides(self, X):
        """Refuse images (m, height, width, ...) that are not of the shape `shape`."""
        if X.ndim == 2:
            return
        sides, moved = X.shape[1:], X.ndim == 4 and (*X.shape[2:], X.shape[1])
        if self.shape is None:
            if moved and sides[0] in _COLOURS and sides[2] not in _COLOURS:
                raise ValueError(
                    f"got images of {sides}, which looks like channels first; expected (height, "
                    "width, channels): pass np.moveaxis(X, 1, -1), or shape if they are as they "
                    "should be"
                )
            return
        shape = _check_shape(self.shape)
        if (*sides, 1)[:3] != shape or len(sides) > 3:
            hint = "; the channels come last: pass np.moveaxis(X, 1, -1)" if moved == shape else ""
            raise ValueError(
                f"expected X to hold images of shape {tuple(self.shape)}, got {sides} for each"
                f"{hint}"
            )

    def plot(
        self, X: ArrayLike, *, rows: int = 6, copies: int = 7, seed: int = 0, ax: Any = None
    ) -> Display:
        """Draw the first images, each beside its augmented copies (needs matplotlib).

        Parameters
        ----------
        X : as for `apply`
        rows, copies : int
            How many images, and how many copies of each.
        seed : int
        ax : matplotlib axes, optional

        Returns
        -------
        Display
            With `ax_` and `figure_`.
        """
        rows, copies = integer(rows, "rows", 1), integer(copies, "copies", 1)
        images = _as_images(X)[:rows]
        if not len(images):
            raise ValueError("expected at least one image to draw, got none")
        # A copy for each of the first epochs.
        sheet = [images] + [self.apply(images, seed, epoch=epoch) for epoch in range(copies)]
        own = self if self.shape or images.ndim == 2 else Images(images.shape[1:])
        shape = own.image_shape(math.prod(images.shape[1:]))
        return plot_augmented(np.stack(sheet, axis=1).reshape(len(images), copies + 1, *shape), ax)


def _as_images(X):
    _refuse_sparse(X)
    X = as_numbers(X, "X")
    if X.ndim < 2 or not math.prod(X.shape[1:]):
        raise ValueError(
            f"expected X to hold images as rows (m, n) or as (m, height, width), got {X.shape}"
        )
    return X


def _refuse_sparse(X):
    if is_sparse(X):
        raise TypeError(
            "expected X to be a dense array, for augmentation moves every pixel; got a sparse "
            "matrix; pass X.toarray()"
        )


def _check_shape(shape):
    if not isinstance(shape, tuple | list) or len(shape) not in (2, 3):
        raise ValueError(
            f"expected shape to be (height, width) or (height, width, channels), got {shape!r}"
        )
    sides = [integer(n, f"shape[{i}]", 1, _LONGEST_SIDE) for i, n in enumerate((*shape, 1)[:3])]
    # The compiled core keeps an image with a border.
    if (sides[0] + 3) * (sides[1] + 3) > _MOST_PIXELS or math.prod(sides) > _MOST_PIXELS:
        raise ValueError(f"expected shape to have at most {_MOST_PIXELS} numbers, got {shape!r}")
    return tuple(sides)
