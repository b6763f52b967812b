#!/usr/bin/env bash
# Real SMS plumbing without an operator: Campaigner sends through Debian's Kannel to Kannel's fake SMSC; receipts
# come back to the gateway; webhooks go to a receiver that verifies their signatures.
#
#   examples/kannel/run.sh [MESSAGES]     default 10000; stops at the end
set -euo pipefail
source "$(dirname "$0")/../common.sh"
source "$(dirname "$0")/kannel.sh"
cleanup() {
  stop_all
  pkill -f "fakesmsc -H 127.0.0.1 -r" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
messages=${1:-10000}

build_programs
"$root/.ci/install-packages" run kannel
grpc_port=$(free_port) http_port=$(free_port) webhook_port=$(free_port)

say "starting Kannel with its fake SMSC"
start_kannel

say "starting Campaigner with Kannel as its provider"
export KANNEL_PASSWORD=secret
cat >"$work/server.txtpb" <<CONFIG
providers {
  name: "kannel"
  kannel {
    url: "http://127.0.0.1:$sendsms_port/cgi-bin/sendsms"
    username: "campaigner"
    password { env: "KANNEL_PASSWORD" }
    default_sender: "Campaigner"
  }
}
routes { name: "sms" channel: "sms" provider: "kannel" concurrency_max: 64 }
receipt_base_url: "http://127.0.0.1:$http_port"
webhooks { allowed_networks: "127.0.0.0/8" }
CONFIG
start_campaigner "$work/server.txtpb"
secret=$(api GET /v1/webhookSecret | jq -r .secret)
start receiver /usr/bin/python3 "$root/examples/webhook_receiver.py" --port "$webhook_port" --secret "$secret"
wait_for 10 curl -fsS "http://127.0.0.1:$webhook_port/count"

campaign=$(api POST /v1/campaigns "$(jq -n --arg url "http://127.0.0.1:$webhook_port/webhook/" \
  '{displayName: "Through Kannel", template: "{field_1}, your order is ready", webhookUrl: $url}')" | jq -r .id)
api POST "/v1/campaigns/$campaign:start" '{}' >/dev/null

say "sending $messages messages"
send_messages 1 "$messages" 1000 "$campaign"
follow "$campaign" "$messages" "$webhook_port" 300

count=$(curl -fsS "http://127.0.0.1:$webhook_port/count")
echo "webhooks: $count"
jq -e --argjson n "$messages" '.distinct == $n and .statuses.delivered == $n and .refused == 0' \
  <<<"$count" >/dev/null || { echo "not all delivered" >&2; exit 1; }
say "done: $messages messages through Kannel, all delivered, all webhooks signed and verified"
