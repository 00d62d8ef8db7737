#!/usr/bin/env bash
# Makes the Python environment with PyTorch, Keras and Pillow that the trainer is compared with, in
# the cache folder and outside this tree. About 8 GB, because PyPI's torch brings CUDA along.
set -euo pipefail
cd "$(dirname "$0")"
target=${ESPALIER_PARITY_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier/parity-venv}
if [ ! -x "$target/bin/python" ]; then python3 -m venv "$target"; fi
"$target/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
echo "$target/bin/python"
