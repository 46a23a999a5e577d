#!/usr/bin/env bash
# Installs the queues that bench/peers.py measures beside Butler's (bench/peers/package-lock.json) into build/bench-node.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

node_packages "$checkout/bench/peers" bench-node "the Node.js packages of the benchmarks"
