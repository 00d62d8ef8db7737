#!/usr/bin/env bash
# images.sh [--archive DIR] [NAME]...: builds images from their Dockerfiles (all but trainer-gpu unless named) and
# prints a line `IMAGE BYTES` for each (uncompressed). By docker where its engine answers, else by buildah,
# which needs root and makes its own base with debootstrap.
#
# --archive DIR: each also as DIR/NAME.tar, for `ctr images import` and the like, and the line ends with its
# path. Nothing is built if the archive is there and nothing that goes into the image has changed since.
# Buildah always makes archives, by default in the cache.
#
# IMAGE_PREFIX (localhost/espalier), IMAGE_TAG (the version of package.json) and IMAGE_SOURCE (the address of
# the repository, for the label) name them. Exit status 3: neither can build here.
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
cd "$root"
prefix=${IMAGE_PREFIX:-localhost/espalier}
version=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' package.json | head -1)
tag=${IMAGE_TAG:-$version}
suite=bookworm
base=localhost/debian:$suite-slim
cache=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}/images

fail() {
  printf 'images: %s\n' "$1" >&2
  exit "${2:-1}"
}

say() { printf 'images: %s\n' "$*" >&2; }

# Sets file (the Dockerfile) and arguments (of its build) of an image.
describe() {
  arguments=(--build-arg "VERSION=$tag")
  case $1 in
    controller | courier | cli) file=controller/Dockerfile arguments+=(--target "$1") ;;
    trainer) file=trainer-image/Dockerfile ;;
    trainer-gpu) file=trainer-image/Dockerfile arguments+=(--build-arg TENSORFLOW=gpu) ;;
    *) fail "no image $1; there are controller, courier, trainer, cli, trainer-gpu" 2 ;;
  esac
}

# Adds labels of where it comes from, which are no reason to build again: the last commit of this checkout, with
# `-dirty` if files differ from it.
label_origin() {
  local revision
  if revision=$(git rev-parse HEAD 2>/dev/null); then
    [ -z "$(git status --porcelain 2>/dev/null)" ] || revision+=-dirty
    arguments+=(--label "org.opencontainers.image.revision=$revision")
  fi
  [ -z "${IMAGE_SOURCE:-}" ] || arguments+=(--label "org.opencontainers.image.source=$IMAGE_SOURCE")
}

# A digest of all that goes into an image: what its Dockerfile's ignore file lets through, byte for byte and with
# its modes, and the way it is built.
inputs() {
  local patterns=() excluded=() line
  while read -r line; do
    case $line in
      '' | '#'* | '*') ;;
      '!'*) patterns+=(${line#!}) ;; # unquoted: a pattern becomes the paths that it stands for
      *) excluded+=(--exclude="${line#\*\*/}") ;;
    esac
  done <"$file.dockerignore"
  {
    printf '%s\n' "$builder" "$suite" "$prefix/$1:$tag" "${arguments[@]}"
    tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu "${excluded[@]}" \
      "$file" "$file.dockerignore" "${patterns[@]}"
  } | sha256sum | cut -d ' ' -f 1
}

# Debian without what its slim images leave out; kept as an archive too, for when the store is emptied.
make_base() {
  local folder=$temporary/base saved=$cache/base-$suite.tar container begin=$SECONDS
  buildah inspect --type image "$base" >/dev/null 2>&1 && return
  if [ -f "$saved" ]; then
    buildah pull --quiet "oci-archive:$saved" >/dev/null
    return
  fi
  say "a base of Debian $suite ..."
  debootstrap --variant=minbase "$suite" "$folder" >&2
  rm -rf "$folder"/usr/share/{doc,man,info,locale,groff,lintian}/* "$folder"/var/cache/apt/* \
    "$folder"/var/lib/apt/lists/* "$folder"/var/log/*
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$folder" / >/dev/null
  buildah config --cmd bash "$container"
  buildah commit --quiet --rm "$container" "$base" >/dev/null
  rm -rf "$folder"
  buildah push --quiet "$base" "oci-archive:$temporary/base.tar:$base" >/dev/null
  mv "$temporary/base.tar" "$saved"
  say "a base of Debian $suite ($((SECONDS - begin)) s)"
}

# Layers of sources that are gone pile up, and buildah does not tell them from those that the next build uses.
limit_store() {
  local most=$((12 << 20)) store=$1 size
  [ -d "$store" ] || return 0
  size=$(du -s "$store" | cut -f 1)
  [ "$size" -lt $most ] || { say "emptying $store ($((size >> 20)) GiB)" && rm -rf "$store"; }
}

# Buildah's own corner: its store in our cache, what lasts only for this run in a folder that goes with it. With
# overlay a layer costs what it adds; vfs, for where the kernel or a container forbids mounts, copies all below it.
set_up_buildah() {
  local driver=vfs
  rm -rf "$cache"/.run.* # we hold the lock, so what a killed run left is nobody's
  temporary=$(mktemp -d "$cache/.run.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  mkdir "$temporary"/{lower,upper,work,merged}
  if mount -t overlay -o "lowerdir=$temporary/lower,upperdir=$temporary/upper,workdir=$temporary/work" \
    none "$temporary/merged" 2>/dev/null; then
    umount "$temporary/merged"
    driver=overlay
  fi
  limit_store "$cache/store-$driver"
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    $driver "$cache/store-$driver" "$temporary/run" >"$temporary/storage.conf"
  export CONTAINERS_STORAGE_CONF=$temporary/storage.conf TMPDIR=$temporary BUILDAH_ISOLATION=chroot
  buildah rm --all >/dev/null
  # A network with an authority of its own is the builder's matter and not the image's.
  network=()
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    printf '[global]\ncert = /run/builder-ca.crt\n' >"$temporary/pip.conf"
    network=(--volume "$NODE_EXTRA_CA_CERTS:/run/builder-ca.crt:ro"
      --volume "$temporary/pip.conf:/etc/pip.conf:ro"
      --build-arg NODE_EXTRA_CA_CERTS=/run/builder-ca.crt)
  fi
  make_base
}

# In bytes, from three digits and a unit, which is all that buildah tells.
size_of() {
  buildah images --json "$1" | sed -n 's/.*"size": "\(.*\)".*/\1/p' | awk '
    { power["B"] = 0; power["KB"] = 3; power["MB"] = 6; power["GB"] = 9
      printf "%.0f\n", $1 * 10 ^ power[toupper($2)] }'
}

# Builds an image, with its archive if there is a folder for that, and prints its line. A killed run leaves the old
# archive or none.
build() {
  local name=$1 image=$prefix/$1:$tag begin=$SECONDS bytes key
  local unfinished=$archives/.$name.tar
  describe "$name"
  key=$(inputs "$name")
  label_origin
  say "$image ..."
  if [ "$builder" = docker ]; then
    docker build --quiet -f "$file" -t "$image" "${arguments[@]}" . >/dev/null
    bytes=$(docker image inspect --format '{{.Size}}' "$image")
    [ -z "$archives" ] || docker save --output "$unfinished" "$image"
  else
    [ -n "${temporary:-}" ] || set_up_buildah
    buildah build --layers --quiet -f "$file" --ignorefile "$file.dockerignore" -t "$image" \
      --build-arg "BASE=$base" "${network[@]}" "${arguments[@]}" . >/dev/null
    rm -f "$unfinished"
    buildah push --quiet --compression-format zstd "$image" "oci-archive:$unfinished:$image" >/dev/null
    bytes=$(size_of "$image")
  fi
  if [ -n "$archives" ]; then
    rm -f "$archives/$name.inputs"
    mv "$unfinished" "$archives/$name.tar"
    printf '%s %s\n' "$key" "$bytes" >"$archives/.$name.inputs"
    mv "$archives/.$name.inputs" "$archives/$name.inputs"
  fi
  printf '%s %s%s\n' "$image" "$bytes" "${archives:+ $archives/$name.tar}"
  say "$image ($((SECONDS - begin)) s)"
}

# Whether every archive is there and made of what is here now; if so, prints the lines.
print_current() {
  local name bytes written lines=()
  [ -n "$archives" ] || return
  for name in "$@"; do
    describe "$name"
    [ -f "$archives/$name.tar" ] && read -r written bytes 2>/dev/null <"$archives/$name.inputs" &&
      [ "$written" = "$(inputs "$name")" ] || return
    lines+=("$prefix/$name:$tag $bytes $archives/$name.tar")
  done
  printf '%s\n' "${lines[@]}"
}

archives=
if [ "${1:-}" = --archive ]; then
  [ -n "${2:-}" ] || fail '--archive needs a folder' 2
  mkdir -p "$2"
  archives=$(cd "$2" && pwd)
  shift 2
fi
[ $# -gt 0 ] || set -- controller courier trainer cli
for name in "$@"; do describe "$name"; done # refuse a typo before minutes of building
mkdir -p "$cache"
builder=buildah
if docker version >/dev/null 2>&1; then builder=docker; else archives=${archives:-$cache}; fi

if [ -z "${ESPALIER_IMAGES_LOCKED:-}" ]; then
  print_current "$@" && exit
  if [ "$builder" = buildah ]; then
    [ "$(id -u)" = 0 ] || fail 'no engine of docker answers, and buildah builds as root' 3
    scripts/host-packages.sh buildah debootstrap
  fi
  # Concurrent runs take turns; whoever is killed, its builder keeps the lock until it has ended too.
  exec 8>"$cache/.lock"
  flock --nonblock 8 || { say "waiting for another build in $cache" && flock 8; }
  export ESPALIER_IMAGES_LOCKED=1
  arguments=(${archives:+--archive "$archives"} "$@")
  # What is mounted in a namespace of its own goes with the last process in it, also a killed one.
  unshare --mount true 2>/dev/null && exec unshare --mount --propagation private "$root/scripts/images.sh" "${arguments[@]}"
  exec "$root/scripts/images.sh" "${arguments[@]}"
fi

for name in "$@"; do
  print_current "$name" || build "$name"
done
