"""The compiled core; everything else about the package is in pyproject.toml."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from importlib import metadata

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.egg_info import egg_info
from setuptools.modified import newer_group

if sys.platform == "win32":
    # The kernels use the vector extensions of GCC and Clang, which MSVC lacks.
    raise SystemExit("fastnn builds with GCC or Clang; on Windows use WSL.")

core = Extension(
    "fastnn._kernels",
    # Each variant_*.cpp tells the compiler its CPU itself: no -march here, so that one build
    # runs, and is fast, everywhere. The slowest to compile come first.
    sources=[
        "fastnn/native/variant_avx512.cpp",
        "fastnn/native/variant_avx2.cpp",
        "fastnn/native/variant_baseline.cpp",
        "fastnn/native/variant_portable.cpp",
        "fastnn/_kernels.pyx",
        "fastnn/native/gather.cpp",
        "fastnn/native/dispatch.cpp",
    ],
    depends=[*glob("fastnn/*.pxd"), *glob("fastnn/loops/*.pxi"), *glob("fastnn/*/*.h")],
    include_dirs=["fastnn", "fastnn/include"],
    # -g0 takes back the -g that Python was built with: debug information takes a quarter of the
    # compilation and most of the file. CFLAGS="-g" brings it back. -O2 unrolls the loops over the
    # registers of a tile with -fpeel-loops only. What else -O3 does, and three searches of -O2 for
    # work done twice, take a fifth of the compilation. They bring nothing that can be measured, for
    # the kernels spell out their vectors.
    extra_compile_args=[
        "-std=c++17",
        "-O2",
        "-fpeel-loops",
        "-fno-gcse",
        "-fno-tree-pre",
        "-fno-tree-vrp",
        "-g0",
        "-fno-math-errno",
        "-ffp-contract=fast",
        "-pthread",
    ],
    extra_link_args=["-pthread"] if sys.platform == "darwin" else ["-pthread", "-s"],
    language="c++",
)


_OWN_ARGS = {
    # A fused multiply-add rounds once, and other CPUs twice. Cython's file calls the kernels, and
    # its own few sums have the same bits on every CPU.
    "_kernels.cpp": ["-O1", "-ffp-contract=off"],
    "variant_portable.cpp": ["-ffp-contract=off"],
}


class BuildCore(build_ext):
    """Compile the units of the core side by side, and not again where nothing has changed."""

    def build_extension(self, ext):
        # An editable install builds in a temporary folder, where setuptools finds nothing to keep.
        # The core that an earlier one compiled lies beside its sources.
        target = self.get_ext_fullpath(ext.name)
        compiled = os.path.join("fastnn", os.path.basename(target))
        sources = [*ext.sources, *ext.depends, __file__]
        if self.editable_mode and not self.force and not newer_group(sources, compiled):
            self.mkpath(os.path.dirname(target))
            self.copy_file(compiled, target)
            return

        compiler, in_turn = self.compiler, self.compiler.compile

        def compile(sources, *args, extra_postargs, **kwargs):
            def unit(source):
                own = _OWN_ARGS.get(os.path.basename(source), [])
                return in_turn([source], *args, extra_postargs=extra_postargs + own, **kwargs)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return [one for objects in pool.map(unit, sources) for one in objects]

        compiler.compile = compile
        try:
            super().build_extension(ext)
        finally:
            compiler.compile = in_turn


class WithBillOfMaterials(egg_info):
    """Add what a wheel is made of, as CycloneDX: PEP 770 wants it in .dist-info/sboms/."""

    def run(self):
        super().run()
        package = _component("fastnn-cpu", self.distribution.get_version(), "BSD-3-Clause")
        # The compiled core has code of Cython's. It has no library in it: what is needed at run
        # time is installed beside it, as METADATA says.
        inside = _component("cython", metadata.version("cython"), "Apache-2.0")
        bill = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"component": package},
            "components": [inside],
            "dependencies": [{"ref": package["bom-ref"], "dependsOn": [inside["bom-ref"]]}],
        }
        path = os.path.join(self.egg_info, "sboms", "fastnn-cpu.cdx.json")
        self.mkpath(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            json.dump(bill, file, indent=1)


def _component(name, version, license):
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": license}}],
        "purl": address,
    }


# With Cython installed (pyproject.toml sees to it) setuptools compiles the .pyx itself.
setup(ext_modules=[core], cmdclass={"build_ext": BuildCore, "egg_info": WithBillOfMaterials})
