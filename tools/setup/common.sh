# shellcheck shell=bash
# What the set-up scripts share: where things are, how they speak, and how they become root.
# Sourced, never run. An installation has them under <prefix>/lib/butler, where `checkout` is that folder.

checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
export checkout

say() { printf 'butler: %s\n' "$*" >&2; }

# Says what is wrong and what to do next, one sentence an argument, and stops.
fail() {
  printf 'butler: %s\n' "$@" >&2
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

can_be_root() { is_root || command -v sudo >/dev/null; }

# Runs a command as root: directly, or with sudo.
as_root() {
  if is_root; then "$@"; else sudo -- "$@"; fi
}

# Where Butler keeps its state: the same rule as the program's own.
butler_home() {
  if [ -n "${BUTLER_HOME:-}" ]; then
    printf '%s\n' "$BUTLER_HOME"
  elif is_root; then
    printf '/var/lib/butler\n'
  elif [ -e "$checkout/CMakeLists.txt" ]; then
    printf '%s/.data\n' "$checkout"
  else
    printf '%s/.butler\n' "$HOME"
  fi
}

# Whether a file, folder or link itself is root's or our own and, links apart, nobody else may write to it.
# What is ours in a sticky folder nobody else can replace.
is_ours() {
  local owner mode
  read -r owner mode < <(stat --format='%u %f' -- "$1" 2>/dev/null) || return 1
  [ "$owner" -eq 0 ] || [ "$owner" -eq "$(id -u)" ] || return 1
  mode=$((16#$mode))
  [ $((mode & 0170000)) -eq $((0120000)) ] || [ $((mode & 022)) -eq 0 ]
}

# Waits for the lock file's lock and keeps it until this script ends; says so when it has to wait.
take_lock() {
  local file=$1 what=$2
  # Nobody else may hold it, and no link that somebody has put there is followed.
  (umask 077 && set -o noclobber && : >"$file") 2>/dev/null || true
  if [ -L "$file" ] || ! is_ours "$file" || [ ! -f "$file" ]; then
    fail "$file is a link or belongs to another user, so it is not used as the lock." \
      "Remove it (rm -f $file), then run the same command again."
  fi
  exec 9>>"$file"
  if ! flock --nonblock 9; then
    say "another run is installing $what; waiting for it"
    flock --timeout 1200 9 ||
      fail "Another run has been installing $what for 20 minutes." \
        "See who holds $file (fuser -v $file), end it, and run the same command again."
  fi
}

# Installs a folder's package.json and package-lock.json into another folder with npm.
npm_ci() {
  local from=$1 into=$2 log
  command -v npm >/dev/null ||
    fail "npm is not installed, and it fetches what $from/package-lock.json pins." \
      "Install it (apt-get install npm), then run the same command again."
  cp "$from/package.json" "$from/package-lock.json" "$into/"
  log=$(mktemp)
  if ! (cd "$into" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
    >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    fail "npm could not install what $from/package-lock.json pins; its own words are above." \
      "Check that this machine reaches the npm registry (npm ping), then run the same command again."
  fi
  rm -f "$log"
}

# Installs what a folder's package-lock.json pins into build/<name>, once; `what` says it in words.
node_packages() {
  local from=$1 name=$2 what=$3 target=$checkout/build/$2 stamp
  stamp=$(cat "$from/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum)
  [ "$(cat "$target/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  mkdir -p "$checkout/build"
  take_lock "$checkout/build/$name.lock" "$what"
  [ "$(cat "$target/.stamp" 2>/dev/null)" != "$stamp" ] || return 0 # the run that held the lock has done it

  say "installing $what into build/$name"
  rm -rf "$checkout/build/$name.new"-* # of a run that was killed
  new=$(mktemp -d "$checkout/build/$name.new-XXXXXX")
  trap 'rm -rf "$new"' EXIT
  npm_ci "$from" "$new"
  printf '%s\n' "$stamp" >"$new/.stamp"
  chmod -R a+rX,go-w "$new" # other users read it too
  rm -rf "$target"
  mv -T "$new" "$target"
}
