"""The compiled core; everything else about the package is in pyproject.toml."""

import sys

from setuptools import Extension, setup

if sys.platform == "win32":
    # The kernels use the vector extensions of GCC and Clang, which MSVC lacks.
    raise SystemExit("fastnn builds with GCC or Clang; on Windows use MinGW-w64 or WSL.")

core = Extension(
    "fastnn._kernels",
    # Each variant_*.cpp tells the compiler its CPU itself: no -march here, so that one build
    # runs, and is fast, everywhere.
    sources=[
        "fastnn/_kernels.pyx",
        "fastnn/native/dispatch.cpp",
        "fastnn/native/variant_avx512.cpp",
        "fastnn/native/variant_avx2.cpp",
        "fastnn/native/variant_baseline.cpp",
    ],
    depends=[
        "fastnn/_augment.pxi",
        "fastnn/_kernels.pxd",
        "fastnn/_passes.pxi",
        "fastnn/_rows.pxi",
        "fastnn/_session.pxi",
        "fastnn/_shortcut.pxi",
        "fastnn/_update.pxi",
        *(f"fastnn/native/{name}.h" for name in (
            "activation", "gather", "gradient", "kernels", "loss", "memory", "pack", "pool",
            "random", "resample", "row", "run", "simd", "tile", "transpose", "update", "variant",
            "verf", "vmath", "warp", "watch")),
    ],
    include_dirs=["fastnn"],
    extra_compile_args=["-std=c++17", "-O3", "-fno-math-errno", "-ffp-contract=fast", "-pthread"],
    extra_link_args=["-pthread"],
    language="c++",
)

# With Cython installed (pyproject.toml sees to it) setuptools compiles the .pyx itself.
setup(ext_modules=[core])
