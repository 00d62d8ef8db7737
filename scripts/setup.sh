#!/usr/bin/env bash
# Makes this checkout ready to run: npm packages, libtensorflow and the tfjs addon. Does nothing when
# all of it is there. Talks on stderr only, so that what calls it owns stdout.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

need() {
  command -v "$1" >/dev/null 2>&1 && return
  say "setup: $1 is missing. On Debian or Ubuntu: apt-get install $2"
  exit 1
}
need node nodejs
need npm npm
need python3 "python3 python3-pip"
need g++ g++
need make make
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || {
  say "setup: node $(node --version) is too old to start npm; version 20 or later is needed"
  exit 1
}
[ "$(uname -sm)" = "Linux x86_64" ] || {
  say "setup: this is $(uname -sm); Espalier runs on Linux x86_64"
  exit 1
}

# The lockfile's own content is the stamp: an unchanged one needs no second install.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  say "setup: npm packages ..."
  started=$SECONDS
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed-lock.json
  say "setup: npm packages $((SECONDS - started)) s"
fi

scripts/setup-tensorflow.sh
