"""Rows that are images: how they are recognized, and drawn."""

import base64
import math
import struct
import zlib

import numpy as np

from fastnn.augment.images import Images
from fastnn.text.markup import tag

# Smaller images are hard to tell from a table; 8 x 8 digits are images.
SMALLEST_SIDE = 8
# Fewer rows say nothing about correlations.
FEWEST_ROWS = 10
# In an image the correlation of neighbours, across and down, exceeds that of pixels half a row
# apart by this. In a table the three are alike. In a time series, values half a row apart are
# nearer in time than those one above the other.
CLOSER = 0.15


def shape_of_images(image_shape, X):
    """(height, width, channels) if the rows of X are images, else None.

    `image_shape` is the argument of `fastnn.report`: False for no images, None to find out. Rows
    are taken for square images if neighbouring pixels are alike, across as well as down.
    """
    if image_shape is False:
        return None
    if image_shape is not None:
        shape = tuple(Images(shape=image_shape).image_shape(X.shape[1]))
        if shape[2] not in (1, 3):
            raise ValueError(
                f"expected image_shape with 1 or 3 channels to draw, got {shape[2]}; use False "
                "for no pictures"
            )
        return shape
    side = math.isqrt(X.shape[1])
    if side * side != X.shape[1] or side < SMALLEST_SIDE or len(X) < FEWEST_ROWS:
        return None
    X, std = X - X.mean(axis=0), X.std(axis=0)
    images = np.divide(X, std, out=np.zeros_like(X), where=std > 0).reshape(-1, side, side)
    half = side // 2
    across = np.mean(images[:, :, 1:] * images[:, :, :-1])
    down = np.mean(images[:, 1:] * images[:, :-1])
    apart = np.mean(images[:, :, half:] * images[:, :, :-half])
    return (side, side, 1) if min(across, down) > apart + CLOSER else None


def picture(values, shape, limits, description):
    """The row `values` as an <img>; `limits` are the values of black and white."""
    low, high = limits
    shades = np.zeros(len(values)) if high == low else (values - low) / (high - low)
    pixels = np.round(255 * shades).astype(np.uint8).reshape(shape)
    data = base64.b64encode(png(pixels)).decode()
    return tag(
        "img",
        src=f"data:image/png;base64,{data}",
        alt=description,
        class_="example",
        width=72,
        height=max(1, round(72 * shape[0] / shape[1])),
    )


def png(pixels):
    """(height, width, 1 or 3) bytes as a PNG file (W3C, Portable Network Graphics, 2003).

    >>> png(np.zeros((2, 2, 1), np.uint8))[1:4]
    b'PNG'
    """
    height, width, channels = pixels.shape
    colour = {1: 0, 3: 2}[channels]
    # A byte before each row names its filter: 0 is none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
