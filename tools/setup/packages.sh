#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing, for what is named: build, check, test, bench, package, vm, run.
# Usage: tools/setup/packages.sh [build] [check] [test] [bench] [package] [vm] [run]     (nothing named: build)
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

build=(clang-19 lld-19 libclang-rt-19-dev cmake ninja-build ccache pkg-config libboost1.81-dev
  libboost-json1.81-dev libspdlog-dev libfmt-dev libsqlite3-dev libpq-dev libmd4c-dev libutf8proc-dev
  libssl-dev libcli11-dev libgtest-dev libgmock-dev librapidcheck-dev libseccomp-dev) # one configuration, tests and all
check=(clang-tidy-19 clang-tools-19 clang-format-19 shellcheck python3)
test=(chromium postgresql-15 iproute2 cpio openssl python3 curl e2fsprogs tmux mmdebstrap systemd zsh fish man-db mandoc) # systemd-analyze judges the units, which need not run
bench=(redis-server beanstalkd postgresql-15 nginx-light strace) # bench/peers.py and goals.py start their own: those of Debian may stay off
package=(dpkg-dev file)
vm=(qemu-system-x86 qemu-utils busybox-static e2fsprogs) # butler vm; the guest's kernel is fetched by itself
run=(bubblewrap ripgrep fd-find ca-certificates util-linux python3)

wanted=()
for group in "${@:-build}"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    check) wanted+=("${check[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    package) wanted+=("${package[@]}") ;;
    vm) wanted+=("${vm[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    *) fail "packages.sh knows build, check, test, bench, package, vm and run, not '$group'." ;;
  esac
  # Debian's npm brings 300 packages: only where no other npm is.
  if [ "$group" = run ] && ! { command -v npm && command -v node; } >/dev/null; then
    wanted+=(npm nodejs)
  fi
done

command -v dpkg-query >/dev/null ||
  fail "This machine has no dpkg: Butler installs its packages by itself on Debian 12 only." \
    "Install the counterparts of these by hand: ${wanted[*]}"

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${wanted[@]}" \
  2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep --quiet --line-regexp --fixed-strings -e "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

can_be_root ||
  fail "These Debian packages are missing: ${missing[*]}" \
    "Only root can install them, and sudo is not there: run the same make command once as root."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One apt-get call. Waits up to five minutes for whoever holds one of apt's locks: apt itself waits
# for dpkg's, but not for those of its lists and its archive.
apt() {
  local deadline=$((SECONDS + 300))
  until as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get --quiet --yes \
    -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null; do
    if ! grep --quiet -e 'Could not get lock' -e 'Unable to lock' "$log"; then return 1; fi
    [ $SECONDS -lt $deadline ] || return 1
    sleep 2
  done
}

install() { apt install --no-install-recommends "${missing[@]}"; }

say "installing Debian packages: ${missing[*]}"
# A stale or an empty package list is the common reason for the first failure.
if ! install && ! { apt update && install; }; then
  tail -n 20 "$log" >&2
  fail "apt could not install: ${missing[*]}; its own words are above." \
    "If it names a package it cannot find, this is not Debian 12, or a mirror is missing in /etc/apt/sources.list." \
    "If it names a lock, another apt runs: wait for it, then run the same command again."
fi
