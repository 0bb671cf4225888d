#!/bin/sh
# Exercise 28.7: starts a forge loop and watches it. Exit code 0: completed, 1: anything else.
#   sh examples/api/watch-forge.sh AGENT [START-BODY]
#   NEAM_URL, NEAM_API_KEY and NEAM_POLL_SECONDS (default 5) as set
set -eu
agent=${1:?usage: sh watch-forge.sh AGENT [START-BODY]}
body=${2:-{\}}
url=${NEAM_URL:-http://127.0.0.1:8080}/api/v1/forge/$agent

api() { curl -sS --fail-with-body -H "Authorization: Bearer ${NEAM_API_KEY:-none}" "$@"; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

started=$(api -X POST "$url/start" -d "$body") || {
  printf '%s\n' "$started" >&2
  exit 1
}
run=$(printf '%s' "$started" | field run)
echo "run $run of $agent"
while :; do
  status=$(api "$url/status") || {
    printf '%s\n' "$status" >&2
    exit 1
  }
  printf 'iteration %s, $%s\n' "$(printf '%s' "$status" | field iteration)" "$(printf '%s' "$status" | field total_cost)"
  [ "$(printf '%s' "$status" | field running)" = true ] || break
  sleep "${NEAM_POLL_SECONDS:-5}"
done
outcome=$(printf '%s' "$status" | field last_outcome)
printf '%s: %s\n' "$outcome" "$(printf '%s' "$status" | sed -n 's/.*"message":"\([^"]*\)".*/\1/p')"
[ "$outcome" = completed ]
