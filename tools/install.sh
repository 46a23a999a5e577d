#!/usr/bin/env bash
# Installs the release build, or removes what was installed. `make install` and `make uninstall` call it.
# Usage: tools/install.sh install|uninstall        (PREFIX=/usr/local, DESTDIR=)
#
# Which files those are is cmake/install.cmake's to say; the list of them is kept in <prefix>/lib/butler/installed-files,
# so that a later version, or the removal, finds those of this one. State is never touched.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/setup/common.sh"

prefix=${PREFIX:-/usr/local}
destination=${DESTDIR:-}
built=${BUTLER_BUILD:-$checkout/build/release}
list=$prefix/lib/butler/installed-files
units=(butler-gateway.service butler-worker.service butler-orchestrator.service)

# Users, the home and services are the running system's: not for a staged tree, and not without root.
for_this_system() { [ -z "$destination" ] && is_root; }
systemd_runs() { [ -d /run/systemd/system ]; }

# Removes the files that the list names, and the folders of Butler's own that are empty then. "$2": but not those named there.
remove_listed() {
  local file
  while IFS= read -r file; do
    if [ -z "${2:-}" ] || ! grep --quiet --line-regexp --fixed-strings -e "$file" "$2"; then rm -f -- "$destination$file"; fi
  done <"$1"
  local folder
  for folder in "$destination$prefix/lib/butler" "$destination$prefix/share/doc/butler"; do
    if [ -d "$folder" ]; then find "$folder" -depth -type d -empty -delete; fi
  done
}

install_files() {
  local before now running=()
  before=$(mktemp)
  now=$(mktemp)
  # shellcheck disable=SC2064 # these files, not later ones
  trap "rm -f '$before' '$now'" EXIT
  [ ! -e "$destination$list" ] || cp "$destination$list" "$before"
  [ -w "$(existing_parent "$destination$prefix")" ] ||
    fail "$destination$prefix cannot be written by $(id -un)." "Run the same command as root, or give a PREFIX of your own."
  DESTDIR=$destination cmake --install "$built" --prefix "$prefix" >/dev/null
  { cat "$built/install_manifest.txt" && printf '\n%s\n' "$list"; } | sed '/^$/d' | sort >"$now"
  install -m 0644 "$now" "$destination$list"
  remove_listed "$before" "$now"
  for_this_system || return 0
  make_users_and_home
  if systemd_runs; then
    systemctl daemon-reload
    local unit
    for unit in "${units[@]}"; do
      if systemctl --quiet is-active "$unit"; then running+=("$unit"); fi
    done
    [ ${#running[@]} -eq 0 ] || systemctl restart "${running[@]}"
  fi
}

# As the Debian package does it, or with the script of a checkout where systemd is not there.
make_users_and_home() {
  if command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
    systemd-sysusers "$prefix/lib/sysusers.d/butler.conf"
    systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/butler.conf"
  else
    "$checkout/tools/setup/users.sh"
  fi
}

existing_parent() {
  local folder=$1
  while [ ! -e "$folder" ]; do folder=$(dirname -- "$folder"); done
  printf '%s\n' "$folder"
}

uninstall_files() {
  [ -e "$destination$list" ] ||
    fail "Nothing is installed in $destination$prefix: $destination$list is not there." \
      "If it was installed elsewhere, say so: make uninstall PREFIX=…; a Debian package goes with apt remove butler."
  if for_this_system && systemd_runs; then
    systemctl disable --now butler.target "${units[@]}" || true
  fi
  local now
  now=$(mktemp)
  # shellcheck disable=SC2064 # this file, not a later one
  trap "rm -f '$now'" EXIT
  cp "$destination$list" "$now"
  remove_listed "$now"
  if for_this_system && systemd_runs; then systemctl daemon-reload; fi
}

case ${1:-} in
  install)
    install_files
    say "installed in $destination$prefix"
    if for_this_system; then
      say "next, as root: butler runtime install, butler setup, systemctl enable --now butler.target butler-orchestrator butler-gateway butler-worker"
    fi
    ;;
  uninstall)
    uninstall_files
    say "removed from $destination$prefix; the state in $(butler_home) is left as it is"
    ;;
  *) fail "Usage: tools/install.sh install|uninstall" ;;
esac
