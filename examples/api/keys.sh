#!/bin/sh
# Exercise 28.3: who may do what. Start a server with two keys, and run this with the same two:
#   export NEAM_API_KEY=... NEAM_ADMIN_KEY=...
#   npx neam-api --program examples/agents.neam --offline
set -eu
url=${NEAM_URL:-http://127.0.0.1:8080}
: "${NEAM_API_KEY:?set NEAM_API_KEY to the server\'s key}"
: "${NEAM_ADMIN_KEY:?set NEAM_ADMIN_KEY to the server\'s admin key}"
failed=0

# expect STATUS WHAT curl-arguments...
expect() {
  wanted=$1
  what=$2
  shift 2
  status=$(curl -sS -o /dev/null -w '%{http_code}' "$@")
  if [ "$status" = "$wanted" ]; then
    echo "ok      $status  $what"
  else
    echo "FAILED  $status instead of $wanted  $what"
    failed=1
  fi
}

expect 401 'no key' "$url/api/v1/claw"
expect 200 'the API key' -H "Authorization: Bearer $NEAM_API_KEY" "$url/api/v1/claw"
expect 403 'an admin route with the API key' -H "Authorization: Bearer $NEAM_API_KEY" "$url/api/v1/admin/status"
expect 200 'an admin route with the admin key' -H "Authorization: Bearer $NEAM_ADMIN_KEY" "$url/api/v1/admin/status"
expect 200 'health without a key' "$url/health"
exit $failed
