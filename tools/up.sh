#!/usr/bin/env bash
# Runs Butler with the bot of the environment or .env; without one it says how to set one up and runs the
# demo.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
env_file=${BUTLER_ENV_FILE-.env}

# Whether a variable has a value, in the environment or in .env.
configured() {
  [ -n "${!1:-}" ] || {
    [ -n "$env_file" ] && [ -f "$env_file" ] &&
      grep --quiet --extended-regexp "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*[\"']?[^\"'#[:space:]]" "$env_file"
  }
}

if configured TELEGRAM_BOT_TOKEN && configured TG_OWNER_IDS; then
  exec build/release/butler up
fi

cat <<END
Butler has no bot yet: this is the demo. For one of your own, on Telegram, with a real model (two minutes):
  make setup
  make up
END
exec python3 tools/demo.py
