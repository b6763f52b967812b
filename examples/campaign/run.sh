#!/usr/bin/env bash
# A whole campaign from a list, as the person at the desk makes it: a CSV with Russian names in Windows-1251 is
# looked at, imported, previewed, started at a rate, watched, paused while it sends, resumed, finished, and its results
# are exported.
# Every step with campaignctl, or with curl over REST. Nothing leaves this machine: the provider is the simulator.
#
#   examples/campaign/run.sh           both, one after the other
#   examples/campaign/run.sh cli       with campaignctl
#   examples/campaign/run.sh curl      with curl
set -euo pipefail
source "$(dirname "$0")/../common.sh"
trap 'stop_all; rm -rf "$work"' EXIT
which=${1:-both}
here="$root/examples/campaign"
customers="$here/customers.csv"
recipients=236 # Without duplicates and rows that cannot be read.
template='{field_1}, ваш заказ «{field_2}» на {field_3} руб. ждёт вас до пятницы.'

# How many messages have left, or have ended.
left() { statistics | jq '[.states[]? | select(.state != "ACCEPTED") | .messages | tonumber] | add // 0'; }
some_left() { [ "$(left)" -ge 40 ]; }

# pause_while_it_sends: pauses amid the sending, and shows that nothing goes before it is resumed. Both ways to
# drive the campaign define pause, resume and statistics.
pause_while_it_sends() {
  local at_pause later
  wait_for 20 some_left
  pause
  sleep 1 # What was with the provider when it was paused is answered.
  at_pause=$(left)
  sleep 2
  later=$(left)
  echo "$at_pause messages had left when it was paused; two seconds later: $later"
  resume
  if [ "$later" -ne "$at_pause" ] || [ "$later" -ge "$recipients" ]; then
    echo "the pause did not hold what waited" >&2
    return 1
  fi
}

# check_results: every recipient is in the export, with a final state.
check_results() {
  head -n 4 "$work/results.csv"
  local rows
  rows=$(($(wc -l <"$work/results.csv") - 1))
  [ "$rows" -eq "$recipients" ] || { echo "$recipients recipients expected, $rows exported" >&2; return 1; }
}

build_programs
grpc_port=$(port_or_free "${GRPC_PORT:-0}")
http_port=$(port_or_free "${HTTP_PORT:-0}")
say "starting server and gateway"
cat >"$work/server.txtpb" <<CONFIG
providers { name: "simulator" simulator { receipt_delay { nanos: 300000000 } undelivered_percent: 3 } }
routes { name: "sms" channel: "sms" provider: "simulator" price_micros: 2500000 }
currency: "RUB"
CONFIG
start_campaigner "$work/server.txtpb"
export CAMPAIGNER_SERVER=127.0.0.1:$grpc_port CAMPAIGNER_KEY=$key

# shellcheck source=examples/campaign/with_cli.sh
[ "$which" = curl ] || source "$here/with_cli.sh"
# shellcheck source=examples/campaign/with_curl.sh
[ "$which" = cli ] || source "$here/with_curl.sh"
say "done"
