#!/usr/bin/env bash
# Installs what the tests take from npm (tests/node/package-lock.json: a scripted model server, and
# a driver for Chromium) into build/test-node.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

node_packages "$checkout/tests/node" test-node "the tests' Node.js packages"
