"""A sheet of augmented images beside their originals."""

import numpy as np

from fastnn.plots.figure import Display, one_axes


def plot_augmented(sheet, ax=None):
    """A row for each image, its original on the left.

    Parameters
    ----------
    sheet : (rows, 1 + copies, height, width, channels) array
    ax : matplotlib axes, optional
    """
    rows, columns, height, width, channels = sheet.shape
    if channels not in (1, 3):
        raise ValueError(
            f"expected images of 1 or 3 channels to draw, got {channels}; select some of them"
        )
    if ax is None:
        size = 0.8 * columns, 0.8 * rows * height / width + 0.3
        ax = one_axes(size=np.clip(size, 2, 20))
    low, high = float(sheet.min()), float(sheet.max())
    shades = (sheet - low) / ((high - low) or 1.0)
    # A pixel of white between the images, three after the originals.
    sides, gap = (rows * (height + 1) - 1, columns * (width + 1) + 1), 2
    mosaic = np.ones((*sides, channels))
    for i in range(rows):
        for j in range(columns):
            top, left = i * (height + 1), j * (width + 1) + (gap if j else 0)
            mosaic[top : top + height, left : left + width] = shades[i, j]
    ax.imshow(
        mosaic[..., 0] if channels == 1 else mosaic,
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    ax.set_xticks([(width - 1) / 2, (mosaic.shape[1] + width + gap) / 2], ["original", "augmented"])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return Display(ax, ax.figure)
