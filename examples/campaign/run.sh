#!/usr/bin/env bash
# A whole campaign from a list, as the person at the desk makes it: a CSV with Russian names in Windows-1251 is
# looked at, imported, previewed, sent at a rate, watched, paused, resumed, finished, and its results are exported.
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
template='{field_1}, ваш заказ «{field_2}» на {field_3} руб. ждёт вас до пятницы.'

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
