"""
12. Numerical gradients
=======================

A derivative can be had without any calculus. Move :math:`\\theta` a little to both sides:

.. math:: g(\\theta) \\approx \\frac{f(\\theta + \\epsilon) - f(\\theta - \\epsilon)}{2 \\epsilon}

The **two-sided** difference has an error of order :math:`\\epsilon^2`. The **one-sided** one,
:math:`(f(\\theta + \\epsilon) - f(\\theta)) / \\epsilon`, has an error of order
:math:`\\epsilon`, and costs as much."""

# %%
# The course's example: :math:`f = \theta^3` at 1, with :math:`\epsilon = 0.01`. The derivative is
# 3.

import matplotlib.pyplot as plt
import numpy as np

import fastnn

for method in ("two-sided", "one-sided"):
    check = fastnn.gradcheck(lambda t: t**3, lambda t: 3 * t**2, 1.0, epsilon=0.01, method=method)
    print(f"{method}: {check.numeric.item():.6f}")

# %%
# 3.0001 and 3.0301: the two-sided one is 300 times better.
#
# How small should epsilon be?
# ----------------------------
#
# Not as small as possible. Two numbers that are nearly equal are subtracted, and what is left is
# rounding. In float64 the best two-sided :math:`\epsilon` is some :math:`10^{-5}`, in float32
# :math:`10^{-2}`.

epsilons = np.logspace(-15, 0, 100)
fig, ax = plt.subplots()
for dtype in (np.float64, np.float32):
    t, e = dtype(1.0), epsilons.astype(dtype)
    two = np.abs((np.exp(t + e) - np.exp(t - e)) / (2 * e) - np.e) / np.e
    one = np.abs((np.exp(t + e) - np.exp(t)) / e - np.e) / np.e
    ax.loglog(epsilons, two, label=f"two-sided, {dtype.__name__}")
    ax.loglog(epsilons, one, "--", label=f"one-sided, {dtype.__name__}")
ax.set(xlabel=r"$\epsilon$", ylabel="relative error", title=r"derivative of $e^\theta$ at 1")
_ = ax.legend(fontsize=8)

# %%
# On the right :math:`\epsilon` is too large and the lines have the slopes 2 and 1, the two orders.
# On the left rounding takes over. `fastnn.gradcheck` without ``epsilon`` finds a good one for each
# component, with Richardson's extrapolation, and says how far its result can be trusted:

check = fastnn.gradcheck(np.exp, np.exp, 1.0)
print(f"error {abs(check.numeric.item() - np.e):.1e}, bound {check.uncertainty.item():.1e}")

# %%
# **What to look for.** A V in the picture. If you choose :math:`\epsilon` by hand, halve it: an
# error that falls to a quarter is truncation, one that rises is rounding.
#
# Exercise
# --------
#
# With complex numbers there is a method without subtraction:
# :math:`f'(x) \approx \mathrm{Im}\, f(x + ih) / h`. Why can h be :math:`10^{-100}`?
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

h = 1e-100
print(np.exp(1 + 1j * h).imag / h - np.e)
check = fastnn.gradcheck(np.exp, np.exp, 1.0, method="complex-step")
print(check.verdict, f"{abs(check.numeric.item() - np.e):.1e}")

# %%
# The Taylor series is :math:`f(x + ih) = f(x) + ih f'(x) - \cdots`. The derivative stands alone in
# the imaginary part: nothing is subtracted, so nothing is lost. It needs a function that takes
# complex numbers, and that has no ``abs`` or ``max`` in it.
#
# .. raw:: html
#
#    </details>
