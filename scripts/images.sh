#!/usr/bin/env bash
# images.sh [controller] [courier] [trainer] [trainer-gpu]: builds the images from their Dockerfiles and
# prints a line `NAME BYTES` for each (uncompressed). By docker where its engine answers, else by buildah,
# which needs root and makes its own base with debootstrap.
#
# IMAGE_PREFIX (localhost/espalier) and IMAGE_TAG (the version of package.json) name them.
# Exit status 3: neither can build here.
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
cd "$root"
prefix=${IMAGE_PREFIX:-localhost/espalier}
version=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' package.json | head -1)
tag=${IMAGE_TAG:-$version}
suite=bookworm
base=localhost/debian:$suite-slim
cache=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}

fail() {
  printf 'images: %s\n' "$1" >&2
  exit "${2:-1}"
}

# What Debian's slim images leave out.
make_base() {
  local folder=$temporary/base container
  buildah inspect --type image "$base" >/dev/null 2>&1 && return
  command -v debootstrap >/dev/null || fail 'debootstrap is missing: apt-get install debootstrap' 3
  printf 'images: a base of Debian %s ...\n' "$suite" >&2
  debootstrap --variant=minbase "$suite" "$folder" >&2
  rm -rf "$folder"/usr/share/{doc,man,info,locale,groff,lintian}/* "$folder"/var/cache/apt/* \
    "$folder"/var/lib/apt/lists/* "$folder"/var/log/*
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$folder" / >/dev/null
  buildah config --cmd bash "$container"
  buildah commit --quiet --rm "$container" "$base" >/dev/null
  rm -rf "$folder"
}

build() {
  local name=$1 file=$2
  shift 2
  local image=$prefix/$name:$tag begin=$SECONDS arguments=(--build-arg "VERSION=$tag" "$@")
  printf 'images: %s ...\n' "$image" >&2
  if [ "$builder" = docker ]; then
    docker build --quiet -f "$file" -t "$image" "${arguments[@]}" . >/dev/null
    printf '%s %s\n' "$image" "$(docker image inspect --format '{{.Size}}' "$image")"
  else
    # A network with an authority of its own is the builder's matter and not the image's.
    if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
      printf '[global]\ncert = /run/builder-ca.crt\n' >"$temporary/pip.conf"
      arguments+=(--volume "$NODE_EXTRA_CA_CERTS:/run/builder-ca.crt:ro"
        --volume "$temporary/pip.conf:/etc/pip.conf:ro"
        --build-arg NODE_EXTRA_CA_CERTS=/run/builder-ca.crt)
    fi
    buildah build --layers -f "$file" --ignorefile "$file.dockerignore" -t "$image" \
      --build-arg "BASE=$base" "${arguments[@]}" . >&2
    printf '%s %s\n' "$image" "$(buildah inspect --type image --format '{{.Size}}' "$image" 2>/dev/null ||
      buildah images --json "$image" | sed -n 's/.*"size": "\(.*\)".*/\1/p')"
  fi
  printf 'images: %s (%d s)\n' "$image" $((SECONDS - begin)) >&2
}

if docker version >/dev/null 2>&1; then
  builder=docker
elif command -v buildah >/dev/null && [ "$(id -u)" = 0 ]; then
  builder=buildah
  export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
  mkdir -p "$cache"
  temporary=$(mktemp -d "$cache/.images.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  make_base
else
  fail 'neither an engine of docker answers, nor is there buildah and root' 3
fi

[ $# -gt 0 ] || set -- controller courier trainer
for name in "$@"; do
  case $name in
    controller | courier) build "$name" controller/Dockerfile --target "$name" ;;
    trainer) build trainer trainer-image/Dockerfile ;;
    trainer-gpu) build trainer-gpu trainer-image/Dockerfile --build-arg TENSORFLOW=gpu ;;
    *) fail "no image $name; there are controller, courier, trainer, trainer-gpu" 2 ;;
  esac
done
