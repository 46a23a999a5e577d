#!/usr/bin/env bash
# Installs what the tests take from npm (tests/node/package-lock.json: a scripted model server, and
# a driver for Chromium) into build/test-node.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

target=$checkout/build/test-node
stamp=$(cat "$checkout/tests/node/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum)
complete() { [ "$(cat "$target/.stamp" 2>/dev/null)" = "$stamp" ]; }

! complete || exit 0
mkdir -p "$checkout/build"
take_lock "$checkout/build/test-node.lock" "the tests' Node.js packages"
! complete || exit 0 # the run that held the lock has done it

say "installing the tests' Node.js packages into build/test-node"
rm -rf "$checkout"/build/test-node.new-* # of a run that was killed
new=$(mktemp -d "$checkout/build/test-node.new-XXXXXX")
trap 'rm -rf "$new"' EXIT
npm_ci "$checkout/tests/node" "$new"
printf '%s\n' "$stamp" >"$new/.stamp"
chmod -R a+rX,go-w "$new" # the tests read it as other users too
rm -rf "$target"
mv -T "$new" "$target"
