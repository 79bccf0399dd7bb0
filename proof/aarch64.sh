#!/usr/bin/env bash
# fastnn on aarch64 without an ARM machine: the extension is cross-compiled by setup.py itself, its
# vector instructions are counted, and the tests run in an arm64 Python under qemu-user.
#
#   proof/aarch64.sh [-s SOURCE] [-w WORK] -- PYTEST ARGUMENTS ...
#
# SOURCE  a checkout of fastnn (default: the current directory; it is cloned, never written to)
# WORK    what may be cached between runs: sysroot, wheels (default fastnn-aarch64 in the folder for temporary files, 800 MB)
# Needs   Debian 12 or Ubuntu with: apt-get install g++-aarch64-linux-gnu qemu-user-static lz4
#         and a host python3 >= 3.11 with pip and venv. No root, no chroot, no binfmt_misc.
# Env     QEMU_CPU   (default neoverse-n1: NEON, no SVE)      OBJDUMP_ONLY=1  stop before the tests
set -euo pipefail

source=$PWD work=${WORK:-${TMPDIR:-/var/tmp}/fastnn-aarch64}
while getopts s:w: option; do
    case $option in s) source=$OPTARG ;; w) work=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
source=$(realpath "$source") python=3.11 cpu=${QEMU_CPU:-neoverse-n1}
mkdir -p "$work"; cd "$work"
root=$work/sysroot site=$work/site

# --- 1. an arm64 Python: Debian's packages, unpacked, not installed ---------------------------
if [ ! -e "$root/.done" ]; then
    mkdir -p apt/lists/partial apt/cache/archives/partial debs "$root"; : > apt/status
    apt="-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists=$work/apt/lists
         -o Dir::Cache=$work/apt/cache -o Dir::State::status=$work/apt/status
         -o APT::Sandbox::User=root"
    apt-get $apt update -qq
    (cd debs && apt-get $apt download -qq libc6 libgcc-s1 libstdc++6 libgomp1 zlib1g libexpat1 libssl3 \
        libffi8 libsqlite3-0 libbz2-1.0 liblzma5 libncursesw6 libtinfo6 libreadline8 libuuid1 \
        libcrypt1 libnsl2 libtirpc3 libdb5.3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libcom-err2 \
        libkrb5support0 libkeyutils1 libpython$python-minimal libpython$python-stdlib \
        libpython$python libpython$python-dev python$python-minimal python$python)
    for deb in debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
    touch "$root/.done"
fi

# --- 2. wheels for aarch64 ---------------------------------------------------------------------
host=$work/host/bin/python
[ -e "$host" ] || { python3 -m venv host; "$host" -m pip install -q 'setuptools>=77' 'cython>=3.1' 'numpy>=2'; }
if [ ! -e "$site/.done" ]; then
    platforms=$(for p in manylinux2014 manylinux_2_{17,24,26,27,28,31,34,35,36}; do echo --platform ${p}_aarch64; done)
    "$host" -m pip install -q $platforms --python-version $python --implementation cp --abi cp311 \
        --abi abi3 --abi none --only-binary=:all: --target "$site" numpy scipy scikit-learn numba \
        safetensors click rich threadpoolctl pytest hypothesis matplotlib pandas pyarrow polars \
        pytest-benchmark optuna onnx
    touch "$site/.done"
fi

# --- 3. the extension, by setup.py's own flags --------------------------------------------------
rm -rf checkout && git clone -q "$source" checkout && cd checkout
module=fastnn/_kernels.cpython-311-aarch64-linux-gnu.so commit=$(git rev-parse HEAD)
if [ ! -e "$work/built/$commit.so" ]; then
rm -rf "$work/built" "$work/temp"
headers="-I$root/usr/include/python$python -idirafter $root/usr/include"   # before those of the host
CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ \
LDSHARED="aarch64-linux-gnu-g++ -shared" LDCXXSHARED="aarch64-linux-gnu-g++ -shared" \
CFLAGS="$headers" CXXFLAGS="$headers" LDFLAGS= \
    "$host" setup.py -q build_ext --build-lib "$work/built" --build-temp "$work/temp" --force
mv "$work"/built/fastnn/_kernels.*.so "$work/built/$commit.so"
fi
cp "$work/built/$commit.so" $module
file $module | cut -c1-160

# --- 4. NEON? ------------------------------------------------------------------------------------
objdump=aarch64-linux-gnu-objdump
$objdump -d --no-show-raw-insn -C $module > ../disassembly.txt
echo "packed multiply-adds: $(grep -cP '\tfmla\tv\d+\.4s' ../disassembly.txt) of float32," \
     "$(grep -cP '\tfmla\tv\d+\.2d' ../disassembly.txt) of float64;" \
     "scalar: $(grep -cP '\tf(madd|msub|nmadd|nmsub)\t' ../disassembly.txt);" \
     "SVE: $(grep -cP '\tz\d+\.' ../disassembly.txt || true)"
grep -qP '\tfmla\tv\d+\.4s' ../disassembly.txt || { echo "not vectorized"; exit 1; }
[ -z "${OBJDUMP_ONLY:-}" ] || exit 0

# --- 5. the tests ----------------------------------------------------------------------------------
# sys.executable is a shell script that starts qemu again, so that tests may start Pythons.
cat > ../python <<SH
#!/bin/sh
exec qemu-aarch64-static -cpu $cpu -L $root $root/usr/bin/python$python "\$@"
SH
chmod +x ../python
echo "import sys; sys.executable = sys._base_executable = '$work/python'" > "$site/sitecustomize.py"
export PYTHONHOME=$root/usr PYTHONPATH=$work/checkout:$site PYTHONNOUSERSITE=1 \
       PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1
../python -c '
import platform, numpy, fastnn, fastnn._kernels as k
print(platform.machine(), platform.python_version(), "numpy", numpy.__version__,
      "variants", k.variants(), "chosen", k.variant)'
../python -m pytest -q -p no:cacheprovider "$@"
