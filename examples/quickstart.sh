#!/usr/bin/env bash
# From nothing to delivered messages: installs, builds, starts server, gateway and a webhook receiver, makes a
# campaign, sends messages through O3GO's endpoint and follows them to the last webhook. Nothing leaves this
# machine: the provider is the simulator.
#
#   examples/quickstart.sh          leaves it running, with commands to play with; Ctrl-C ends it
#   examples/quickstart.sh --once   stops at the end
#
# GRPC_PORT, HTTP_PORT, WEBHOOK_PORT choose other ports than 50051, 8080, 8090; 0 takes a free one.
set -euo pipefail
source "$(dirname "$0")/common.sh"
trap 'stop_all; rm -rf "$work"' EXIT
once=${1:-}
case $once in
  "" | --once) ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
messages=300

build_programs
grpc_port=$(port_or_free "${GRPC_PORT:-50051}")
http_port=$(port_or_free "${HTTP_PORT:-8080}")
webhook_port=$(port_or_free "${WEBHOOK_PORT:-8090}")

say "starting server, gateway and webhook receiver"
cat >"$work/server.txtpb" <<CONFIG
providers { name: "simulator" simulator { receipt_delay { nanos: 500000000 } } }
webhooks { allowed_networks: "127.0.0.0/8" }   # The receiver is on this machine.
CONFIG
start_campaigner "$work/server.txtpb"
secret=$(api GET /v1/webhookSecret | jq -r .secret)
start receiver /usr/bin/python3 "$root/examples/webhook_receiver.py" --port "$webhook_port" --secret "$secret"
wait_for 10 curl -fsS "http://127.0.0.1:$webhook_port/count"

say "a campaign with a template"
campaign=$(api POST /v1/campaigns "$(jq -n --arg url "http://127.0.0.1:$webhook_port/webhook/" '{
  displayName: "Quickstart",
  template: "Dear {field_1} {field_2} {field_3}! Your table is ready. 🎰",
  webhookUrl: $url, messageAttempts: 3}')" | jq -r .id)
api POST "/v1/campaigns/$campaign:start" '{}' | jq -c '{id, displayName, state}'

say "sending $messages messages in requests of 50"
send_messages 1 "$messages" 50 "$campaign"
follow "$campaign" "$messages" "$webhook_port" 60
say "done: every message delivered, every webhook received and its signature verified"
[ "$once" = "--once" ] && exit 0

cat <<TXT

Still running (logs in $work). To play with:

  curl -X POST 'http://127.0.0.1:$http_port/ext/api/v1/messages/send' -H 'X-Api-Key: $key' \\
    -H 'Content-Type: application/json' \\
    -d '[{"id": 1001, "campaign_id": $campaign, "dst_addr": "79201234567", "text": "Hello"}]'

  curl 'http://127.0.0.1:$http_port/v1/campaigns/$campaign/statistics' -H 'x-api-key: $key'
  curl 'http://127.0.0.1:$http_port/openapi.json'

  grpcurl -plaintext 127.0.0.1:$grpc_port list
  grpcurl -plaintext -H 'x-api-key: $key' -d '{"campaign_id": $campaign, "page_size": 3}' \\
    127.0.0.1:$grpc_port campaigner.v1.MessageService/ListMessages

  export CAMPAIGNER_SERVER=127.0.0.1:$grpc_port CAMPAIGNER_KEY=$key
  $bin/campaignctl campaigns list
  $bin/campaignctl send --campaign $campaign --to 79201234567 --text 'Hello again'
  $bin/campaignctl watch $campaign

  http://127.0.0.1:$webhook_port/count   what the webhook receiver got

Ctrl-C ends it.
TXT
wait
