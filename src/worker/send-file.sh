#!/bin/bash
# Sends files to the person whose request is worked on. Butler's worker, which has started the agent, takes them on
# the agent's own listener: the address and the token in it are in BUTLER_FILES_URL, and it answers in sentences.
# In the smallest virtual machine bash is busybox's shell, so this is written for any shell: bash connects by itself,
# another one through busybox's nc.
set -u

usage="Usage: send-file PATH... [--caption TEXT] [--as photo|document|voice|audio|video]

Sends files to the person who asked, into the chat: up to 20 for one request, each of at most 50 MiB.

  --caption TEXT  a line below the file, of at most 1024 characters; with several files, below the first
  --as KIND       how the chat shows it; without it the content decides

Exit status: 0 when everything was sent, 1 when a file was not, 2 for wrong usage."

most_bytes=52428800
carriage_return=$(printf '\r')
line_feed='
'

complain() {
  printf 'send-file: %s\n' "$1" >&2
}

refuse_usage() {
  complain "$1"
  echo "send-file --help says how it is used." >&2
  exit 2
}

# Percent-encodes all bytes.
encode() {
  printf %s "$1" | od -A n -v -t x1 | tr -d '\n' | tr ' ' '%'
}

# The head of the request. $1: the file, $2: its size, $3: another field, or nothing.
print_head() {
  printf 'POST /%s/%s HTTP/1.1\r\nhost: %s:%s\r\n' "$place" "$(encode "${1##*/}")" "$host" "$port"
  printf 'content-type: application/octet-stream\r\ncontent-length: %s\r\nconnection: close\r\n' "$2"
  [ -z "$kind" ] || printf 'x-artifact-kind: %s\r\n' "$kind"
  [ -z "$caption" ] || printf 'x-artifact-caption: %s\r\n' "$(encode "$caption")"
  [ -z "$3" ] || printf '%s\r\n' "$3"
  printf '\r\n'
}

# Reads the head of an answer from the standard input; its status becomes $status, "" when there is none.
read_status() {
  status=''
  IFS= read -r line || return 0
  status=${line#* }
  status=${status%% *}
  while IFS= read -r line && [ -n "$line" ] && [ "$line" != "$carriage_return" ]; do :; done
}

# Reads what the worker says.
read_answer() {
  read_status
  answer=''
  IFS= read -r answer || :
  printf '%s %s\n' "${status:-none}" "$answer"
}

# Sends the first $2 bytes of the file $1. False when it has become shorter: then the worker still waits for the rest.
send_bytes() {
  counted=$(LC_ALL=C dd if="$1" bs=65536 count="$2" iflag=fullblock,count_bytes 2>&1 >&3) || return 0
  counted=${counted##*"$line_feed"}
  [ "${counted%% *}" = "$2" ]
}

# Both say the status of the answer and its sentence. $1: the file, $2: its size.
exchange_in_bash() {
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null || return 0
  # The bytes go when the worker wants them: what it refuses is not sent.
  print_head "$1" "$2" 'expect: 100-continue' >&3
  read_status <&3
  if [ "$status" = 100 ]; then
    if send_bytes "$1" "$2"; then read_answer <&3; else echo 'none shorter'; fi
  else
    answer=''
    IFS= read -r answer <&3 || :
    printf '%s %s\n' "${status:-none}" "$answer"
  fi
  exec 3>&-
}

exchange_through_nc() {
  { print_head "$1" "$2" ''; head -c "$2" <"$1"; } 2>/dev/null | nc "$host" "$port" 2>/dev/null | read_answer
}

send() {
  if [ -d "$1" ]; then complain "$1 is a folder: put it into an archive first"; return 1; fi
  if [ ! -e "$1" ]; then complain "$1 does not exist"; return 1; fi
  if [ ! -f "$1" ]; then complain "$1 is no regular file"; return 1; fi
  if [ ! -r "$1" ]; then complain "$1 may not be read"; return 1; fi
  size=$(($(wc -c <"$1")))
  if [ "$size" -eq 0 ]; then complain "$1 is empty, and a chat takes no empty file"; return 1; fi
  if [ "$size" -gt "$most_bytes" ]; then
    complain "$1 is larger than 50 MiB: make it smaller, or split it"
    return 1
  fi
  if [ -n "${BASH_VERSION:-}" ]; then
    said=$(exchange_in_bash "$1" "$size")
  else
    said=$(exchange_through_nc "$1" "$size")
  fi
  case $said in
    '200 '*) printf '%s\n' "${said#* }" ;;
    'none shorter')
      complain "$1 became shorter while it was sent: send it again"
      return 1
      ;;
    '' | none*)
      complain "$1 was not sent: Butler's worker gave no answer"
      return 1
      ;;
    *)
      complain "$1: ${said#* }"
      return 1
      ;;
  esac
}

caption=''
kind=''
options=yes
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $options$argument in
    yes--help | yes-h)
      printf '%s\n' "$usage"
      exit 0
      ;;
    yes--caption | yes--as)
      [ "$left" -gt 0 ] || refuse_usage "$argument needs a value"
      if [ "$argument" = --as ]; then kind=$1; else caption=$1; fi
      shift
      left=$((left - 1))
      ;;
    yes--caption=*) caption=${argument#*=} ;;
    yes--as=*) kind=${argument#*=} ;;
    yes--) options=no ;;
    yes-?*) refuse_usage "there is no option $argument" ;;
    *) set -- "$@" "$argument" ;;
  esac
done
[ $# -gt 0 ] || refuse_usage "name at least one file"
case $kind in
  '' | photo | document | voice | audio | video) ;;
  *) refuse_usage "--as takes photo, document, voice, audio or video, not $kind" ;;
esac
if [ -z "${BUTLER_FILES_URL:-}" ]; then
  complain "there is nobody to send files to: BUTLER_FILES_URL is not set. It works in the jobs of Butler's agents only"
  exit 1
fi
address=${BUTLER_FILES_URL#http://}
place=${address#*/}
address=${address%%/*}
host=${address%:*}
port=${address##*:}

result=0
for path in "$@"; do
  send "$path" || result=1
  caption=''
done
exit "$result"
