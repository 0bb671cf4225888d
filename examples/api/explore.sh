#!/bin/sh
# Exercise 28.2: the API with nothing but curl. Start a server first, for instance
#   npx neam-api --program examples/agents.neam --offline
# and give its address when it is another: NEAM_URL=http://127.0.0.1:8080 sh examples/api/explore.sh
set -eu
url=${NEAM_URL:-http://127.0.0.1:8080}
poll=${NEAM_POLL_SECONDS:-1}
claw=support_bot
forge=code_builder
session=$url/api/v1/claw/$claw/sessions/explorer

# Every command is shown with its answer.
call() {
  printf '\n$ curl %s\n' "$*"
  curl -sS --fail-with-body -H "Authorization: Bearer ${NEAM_API_KEY:-none}" "$@"
  printf '\n'
}
# The value of a field of the JSON on standard input.
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
say() { call -X POST "$session/message" -d "{\"message\": \"$1\"}"; }

echo '# Claw agents, forge agents'
call "$url/api/v1/claw"
call "$url/api/v1/forge"

echo '# Three messages: the agent sees what was said before'
call -X POST "$session/reset"
say 'What is the status of order ORD-1?'
say 'And of order ORD-2?'
say 'Which orders did I ask about?'
call "$session/history"

echo '# After a reset it has no memory of them'
call -X POST "$session/reset"
say 'Which orders did I ask about?'
call "$session/history"

echo '# A forge loop with limits of its own, until it is over'
call -X POST "$url/api/v1/forge/$forge/start" -d '{"max_iterations": 3, "max_cost": 1}'
while :; do
  status=$(call "$url/api/v1/forge/$forge/status")
  printf '%s\n' "$status"
  [ "$(printf '%s' "$status" | field running)" = true ] || break
  sleep "$poll"
done
