#!/usr/bin/env bash
# Makes the Python environment with Optuna that the search is compared with, and the tables of
# finished trainings, in the cache folder and outside this tree.
set -euo pipefail
cd "$(dirname "$0")"
target=${ESPALIER_OPTUNA_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier/optuna-venv}
if [ ! -x "$target/bin/python" ]; then python3 -m venv "$target"; fi
"$target/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
"$target/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r tables.txt
if [ ! -f "$target/tables/tables.json" ]; then "$target/bin/python" tables.py "$target/tables"; fi
echo "$target/bin/python"
