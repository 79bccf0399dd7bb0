"""Augmentation of images: every epoch sees another distorted copy of each, with the same label."""

from fastnn.augment.images import Images

__all__ = ["Images"]
