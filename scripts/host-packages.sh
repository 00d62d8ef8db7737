#!/usr/bin/env bash
# host-packages.sh PACKAGE...: installs those of Debian's packages that this machine lacks. What is there
# already costs nothing. Needs root and ESPALIER_HOST_TESTS=1, because it changes the machine.
#
# Exit status 3: they are missing and cannot be had here; stderr says which and why.
set -euo pipefail

cannot() {
  printf 'host-packages: %s\n' "$1" >&2
  exit 3
}

missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || cannot "this is no Debian: install $* yourself"
lock=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}/host-packages.lock
mapfile -t wanted < <(missing "$@")
[ ${#wanted[@]} -gt 0 ] || exit 0

[ "$(id -u)" = 0 ] || cannot "${wanted[*]} missing, and only root may install: apt-get install ${wanted[*]}"
[ "${ESPALIER_HOST_TESTS:-}" = 1 ] ||
  cannot "${wanted[*]} missing: apt-get install ${wanted[*]} (or ESPALIER_HOST_TESTS=1 lets us)"

# Taking turns, for dpkg refuses a second one.
mkdir -p "${lock%/*}"
exec 9>"$lock"
flock 9
mapfile -t wanted < <(missing "$@")
[ ${#wanted[@]} -gt 0 ] || exit 0
begin=$SECONDS
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${wanted[@]}" >&2 9>&-
}
# The lists of a fresh machine are empty, those of an old one may name versions that are gone.
install || { apt-get update -q >&2 9>&- && install; } || cannot "apt-get cannot install ${wanted[*]}"
printf 'host-packages: %s (%d s)\n' "${wanted[*]}" $((SECONDS - begin)) >&2
