#!/usr/bin/env bash
# Fetches Debian's package of Prometheus and unpacks its two programs into the cache of the tools;
# nothing is installed, no root is needed. What is there already costs nothing.
#
# stdout: two lines `NAME PATH`. Exit status 3: it cannot be had here, and stderr says why.
set -euo pipefail

root=${BASH_SOURCE[0]%/*}/..
# shellcheck source=versions.env
source "$root/scripts/versions.env"
cache=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}/tools
target=$cache/prometheus-$PROMETHEUS_VERSION

cannot() {
  printf 'fetch-prometheus: %s\n' "$1" >&2
  exit 3
}

fetch() {
  local package
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    cannot 'Prometheus comes from its Debian package, and this is no Debian'
  mkdir -p "$cache"
  temporary=$(mktemp -d "$cache/.fetching.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  # As root apt would step down to a user who may not write here.
  (cd "$temporary" && apt-get download -q -o APT::Sandbox::User=root \
    "prometheus=$PROMETHEUS_VERSION" >&2) ||
    cannot "apt-get cannot download prometheus $PROMETHEUS_VERSION (apt-get update?)"
  package=$(echo "$temporary"/prometheus_*.deb)
  echo "$PROMETHEUS_SHA256  $package" | sha256sum --check --quiet >&2 ||
    cannot 'the package is not the one that scripts/versions.env pins'
  mkdir "$temporary/programs"
  dpkg-deb --fsys-tarfile "$package" |
    tar -x -C "$temporary/programs" --strip-components=3 ./usr/bin/prometheus ./usr/bin/promtool
  # The rename makes it visible; whoever comes second discards his own.
  mv -T "$temporary/programs" "$target" 2>/dev/null || [ -x "$target/promtool" ] ||
    cannot "cannot write $target"
}

[ -x "$target/promtool" ] || fetch
printf '%s %s\n' prometheus "$target/prometheus" promtool "$target/promtool"
