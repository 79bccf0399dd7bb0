"""Examples that are images: whether they are, and how they are shown."""

import base64
import math
import struct
import zlib

import numpy as np

from fastnn.augment.images import Images
from fastnn.text.markup import tag

# An image of fewer pixels a side is hard to tell from a table; 8 x 8 digits are images.
SMALLEST_SIDE = 8
# Fewer rows say nothing about correlations.
FEWEST_ROWS = 10
# The correlation of neighbours, across and down, is higher by this than that of pixels half a row
# apart. In a table all are alike; in a series of readings those half a row apart are nearer in time
# than those one above the other.
CLOSER = 0.15


def shape_of_images(image_shape, X):
    """(height, width, channels) of the images that the rows of X are; None if they are none.

    `image_shape` is that of `fastnn.report`: False for none, None to find out, which squares are
    whose neighbouring pixels go together, across as well as down.
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
    """The row `values` as an <img>; `limits` are those of black and white."""
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
    # Before each row, its filter: none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
