#!/bin/sh
# assemble.sh TREE: moves what setup-tensorflow.sh made into TREE, for an image: TensorFlow's libraries without
# its headers, the addon of tfjs-node where the trainer looks for it, and a font, without which the labels of
# plots are boxes.
set -eu
cd "$(dirname "$0")/.."
tree=$1
addon=node_modules/@tensorflow/tfjs-node-gpu
libraries=$(readlink -f $addon/deps/lib)
nvidia=$(dirname "$libraries")/nvidia

# move PATH...: nobody needs them here any more, and a copy would cost gigabytes.
move() {
  for path in "$@"; do
    mkdir -p "$tree$(dirname "$path")"
    mv "$path" "$tree$path"
  done
}

move "$libraries"/*.so.2
if [ -d "$nvidia" ]; then move "$nvidia"; fi
move "$PWD/$addon/lib" "$PWD/$addon/deps"
move /etc/fonts /usr/share/fonts/truetype/dejavu
