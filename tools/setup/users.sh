#!/usr/bin/env bash
# As root: makes the two system users that Butler's roles run as, and the folder of its state.
#   butler          worker and agent
#   butler-control  orchestrator and gateway
# As anybody else there is nothing to do: the roles then run as that person.
set -euo pipefail
# shellcheck source=tools/setup/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

is_root || exit 0
home=/var/lib/butler

for user in butler butler-control; do
  if ! getent passwd "$user" >/dev/null; then
    say "adding the system user $user"
    useradd --system --user-group --home-dir "$home" --no-create-home \
      --shell /usr/sbin/nologin "$user" ||
      fail "The system user $user could not be added." \
        "Add it by hand: useradd --system --user-group --home-dir $home --no-create-home --shell /usr/sbin/nologin $user"
  fi
done

# Each role's user walks through to its own folder, and lists none of the others. Only made when it is
# missing: `butler up` gives it to its users, and may be running.
[ -d "$home" ] || install --directory --mode 0711 --owner root --group root "$home"
