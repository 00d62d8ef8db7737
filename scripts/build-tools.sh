#!/usr/bin/env bash
# Builds the named Go programs (or groups of them) that tests start, from their pinned modules in
# test/tools, into a cache outside the work tree. A program that is there already costs nothing.
#
#   scripts/build-tools.sh control-plane       kube-apiserver ... kwok
#   scripts/build-tools.sh nats-server helm    single programs
#
# stdout: one line `NAME PATH` for each program; stderr: a line for each build with its seconds.
# Exit status 3: Go is missing, so nothing can be built here.
#
# The cache is keyed by version (and by what else is linked in), and a program appears in it by a
# rename, so an interrupted build leaves nothing half made. Concurrent runs take turns: a linker of
# Kubernetes needs 2 GB.
set -euo pipefail

root=${BASH_SOURCE[0]%/*}/..
# shellcheck source=versions.env
source "$root/scripts/versions.env"
cache=${ESPALIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/espalier}/tools

fail() {
  printf 'build-tools: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Sets module (folder in test/tools), version, package (its main), stamp (linker flags) and key (of the cache)
# of a program.
describe() {
  local kube=k8s.io/component-base/version client=k8s.io/client-go/pkg/version minor
  stamp=() key=
  case $1 in
    kube-apiserver | kube-controller-manager | kube-scheduler | kubectl | kubelet | kube-proxy)
      module=kubernetes version=$KUBERNETES_VERSION package=k8s.io/kubernetes/cmd/$1
      minor=${version#*.}
      # Without its version the server reports v0.0.0, which Helm cannot parse.
      for path in $kube $client; do
        stamp+=(-X "$path.gitVersion=v$version" -X "$path.gitMajor=${version%%.*}"
          -X "$path.gitMinor=${minor%%.*}" -X "$path.gitTreeState=clean")
      done
      ;;
    etcd) module=etcd version=$ETCD_VERSION package=go.etcd.io/etcd/server/v3 ;;
    kwok)
      module=kwok version=$KWOK_VERSION package=sigs.k8s.io/kwok/cmd/kwok
      stamp=(-X "sigs.k8s.io/kwok/pkg/consts.Version=$version")
      ;;
    nats-server)
      module=nats-server version=$NATS_SERVER_VERSION package=github.com/nats-io/nats-server/v2
      ;;
    versitygw)
      module=versitygw version=$VERSITYGW_VERSION
      package=github.com/versity/versitygw/cmd/versitygw
      stamp=(-X "main.Version=v$version")
      ;;
    helm)
      module=helm version=$HELM_VERSION package=helm.sh/helm/v3/cmd/helm
      stamp=(-X "helm.sh/helm/v3/internal/version.version=v$version")
      minor=${KUBERNETES_VERSION#*.}
      # What `helm template` and `helm lint` take the cluster for; unstamped that is 1.20.
      for path in chartutil lint/rules; do
        stamp+=(-X "helm.sh/helm/v3/pkg/$path.k8sVersionMajor=${KUBERNETES_VERSION%%.*}"
          -X "helm.sh/helm/v3/pkg/$path.k8sVersionMinor=${minor%%.*}")
      done
      key=$version-kubernetes-${KUBERNETES_VERSION%.*}
      ;;
    crane)
      module=crane version=$CRANE_VERSION
      package=github.com/google/go-containerregistry/cmd/crane
      stamp=(-X "$package/cmd.Version=$version")
      ;;
    coredns) module=coredns version=$COREDNS_VERSION package=github.com/coredns/coredns ;;
    kind) module=kind version=$KIND_VERSION package=sigs.k8s.io/kind ;;
    *) fail "unknown program or group '$1'; programs: ${all[*]}; groups: control-plane, servers, node, all" 2 ;;
  esac
}

build() {
  local name=$1 target=$2 temporary begin=${EPOCHREALTIME/[.,]/} took
  command -v go >/dev/null ||
    fail "Go is missing, and $name is built from its Go module: install Go 1.26 or later" 3
  mkdir -p "$cache"
  exec {lock}>"$cache/.lock"
  flock --nonblock "$lock" || {
    printf 'build-tools: waiting for another build in %s\n' "$cache" >&2
    flock "$lock"
  }
  if [ ! -x "$target/$name" ]; then
    grep -qE "^[[:space:]]*(require )?[^ ]+ v${version//./\\.}( |$)" "$root/test/tools/$module/go.mod" ||
      fail "test/tools/$module/go.mod does not have version $version, which scripts/versions.env pins"
    # Holding the lock, so what a killed build left behind is nobody's.
    rm -rf "$cache"/.building.*
    temporary=$(mktemp -d "$cache/.building.XXXXXX")
    printf 'build-tools: building %s %s ...\n' "$name" "$version" >&2
    # GOWORK=off: a workspace file above this checkout must not change what is built.
    (cd "$root/test/tools/$module" && CGO_ENABLED=0 GOWORK=off \
      go build -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w ${stamp[*]}" \
      -o "$temporary/$name" "$package") >&2 || {
      rm -rf "$temporary"
      fail "$name $version does not build"
    }
    chmod 755 "$temporary"
    mv -T "$temporary" "$target"
    took=$((${EPOCHREALTIME/[.,]/} - begin))
    printf 'build-tools: %s %s (%d.%d s)\n' "$name" "$version" \
      $((took / 1000000)) $((took / 100000 % 10)) >&2
  fi
  exec {lock}>&-
}

control_plane=(kube-apiserver kube-controller-manager kube-scheduler kubectl etcd kwok)
servers=(nats-server versitygw)
node=(kubelet kube-proxy coredns crane)
all=("${control_plane[@]}" "${servers[@]}" "${node[@]}" helm kind)

[ $# -gt 0 ] || fail 'name the programs or groups to build' 2
names=()
for argument in "$@"; do
  case $argument in
    control-plane) names+=("${control_plane[@]}") ;;
    servers) names+=("${servers[@]}") ;;
    node) names+=("${node[@]}") ;;
    all) names+=("${all[@]}") ;;
    *) names+=("$argument") ;;
  esac
done
for name in "${names[@]}"; do describe "$name"; done # refuse a typo before an hour of building
for name in "${names[@]}"; do
  describe "$name"
  target=$cache/$name-${key:-$version}
  [ -x "$target/$name" ] || build "$name" "$target"
  printf '%s %s\n' "$name" "$target/$name"
done
