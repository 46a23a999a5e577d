#!/usr/bin/env bash
# Runs Butler with the bot of the environment or .env; without one it says what is missing and runs
# the demo.
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
Butler has no bot yet: this is the demo. To run it on Telegram, put into .env and run make up again:
  TELEGRAM_BOT_TOKEN=…  what @BotFather gives you for a new bot, and TG_OWNER_IDS=…  your numeric id (@userinfobot tells it)
  PI_PROVIDER=…  and that provider's key, for example PI_PROVIDER=anthropic and ANTHROPIC_API_KEY=… ; without them a mock answers
END
exec python3 tools/demo.py
