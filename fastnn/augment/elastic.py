"""Elastic distortion: the waviness of handwriting, as a setting of `fastnn.augment.Images`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import number


@dataclass(frozen=True)
class Elastic:
    """Wavy displacement of every pixel (Simard, Steinkraus and Platt, 2003).

    A displacement uniform in [-1, 1] is drawn for each pixel and direction, smoothed by a Gaussian
    of standard deviation `sigma` (cut off at four of them, as `scipy.ndimage.gaussian_filter`
    does), with zeros beyond the image, and multiplied by `alpha`.

    Parameters
    ----------
    alpha : float
        In pixels; 34 in the paper, for digits of 28 x 28. Pixels then move by some
        ``alpha / (2 sigma sqrt(3 pi))``, which is 1.4.
    sigma : float
        In pixels, up to 100; 4 in the paper. Small: crumpled; large: much like a shift.
    """

    alpha: float = 34.0
    sigma: float = 4.0

    def __post_init__(self) -> None:
        number(self.alpha, "alpha of Elastic", "[0, inf)")
        number(self.sigma, "sigma of Elastic", "(0, 100]")

    @property
    def taps(self) -> NDArray[np.float64]:
        """The smoothing kernel, in one direction."""
        radius = int(4 * self.sigma + 0.5)
        taps: NDArray[np.float64] = np.exp(
            -0.5 * (np.arange(-radius, radius + 1) / self.sigma) ** 2
        )
        return taps / taps.sum()
