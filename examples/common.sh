# Sourced by the examples: builds the programs, starts and stops them, waits for them.
# Sets: root, bin, work (a temporary folder), and the functions below.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${CAMPAIGNER_BIN:-$root/build/release/bin}
work=$(mktemp -d "${TMPDIR:-/tmp}/campaigner.XXXXXX")
pids=()

say() { printf '\033[1m%s\033[0m\n' "$*"; }

build_programs() {
  [ -z "${CAMPAIGNER_BIN:-}" ] || return 0
  "$root/.ci/install-packages" build run
  say "building (the first time takes some minutes)"
  (cd "$root" && cmake --preset release -DBUILD_TESTING=OFF >"$work/cmake.log" &&
    ninja -C build/release campaigner-server campaigner-gateway campaignctl) || {
    tail -n 20 "$work/cmake.log"
    return 1
  }
}

# start NAME COMMAND ...: in the background, its output in $work/NAME.log.
start() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  pids+=($!)
}

stop_all() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}

# wait_for SECONDS COMMAND ...: until the command succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "gave up waiting for: $*" >&2
      tail -n 5 "$work"/*.log >&2
      return 1
    fi
    sleep 0.2
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

port_or_free() { [ "$1" -ne 0 ] && echo "$1" || free_port; }

# start_campaigner CONFIG: server and gateway, on $grpc_port and $http_port; leaves the admin key in $key.
start_campaigner() {
  start server "$bin/campaigner-server" --listen "127.0.0.1:$grpc_port" --data_dir "$work/data" \
    --config "$1" --metrics_listen "" --admin_key_file "$work/admin.key"
  wait_for 20 test -s "$work/admin.key"
  key=$(tr -d '[:space:]' <"$work/admin.key")
  start gateway "$bin/campaigner-gateway" --listen "127.0.0.1:$http_port" \
    --server "127.0.0.1:$grpc_port"
  wait_for 20 curl -fsS "http://127.0.0.1:$http_port/readyz"
}

# api METHOD PATH [BODY]: a native REST call with the admin key. Only reads are repeated: another call may have been
# served though its answer was lost (request_id is for who must repeat it).
api() {
  local retry=()
  [ "$1" != GET ] || retry=(--retry 5 --retry-all-errors)
  curl -fsS "${retry[@]}" -X "$1" "http://127.0.0.1:$http_port$2" -H "x-api-key: $key" \
    ${3:+-H 'content-type: application/json' -d "$3"}
}

# send_messages FIRST LAST BATCH CAMPAIGN: through O3GO's endpoint, ids FIRST .. LAST.
send_messages() {
  python3 - "$1" "$2" "$3" "$4" "http://127.0.0.1:$http_port" "$key" <<'PY'
import json, sys, urllib.request
first, last, batch, campaign = map(int, sys.argv[1:5])
url, key = sys.argv[5:7]
for start in range(first, last + 1, batch):
    body = [{"id": i, "campaign_id": campaign, "dst_addr": f"7920{i:07d}", "field_1": "Иванов",
             "field_2": "Иван", "field_3": "Иванович"} for i in range(start, min(start + batch, last + 1))]
    request = urllib.request.Request(
        f"{url}/ext/api/v1/messages/send", json.dumps(body).encode(),
        {"X-Api-Key": key, "Content-Type": "application/json", "Idempotency-Key": f"batch-{start}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert len(json.load(answer)) == len(body)
PY
}

# follow CAMPAIGN COUNT RECEIVER_PORT SECONDS: progress until all are final and all webhooks came.
follow() {
  local deadline=$((SECONDS + $4)) statistics delivered received
  while :; do
    received=$(curl -fsS "http://127.0.0.1:$3/count" | jq .distinct)
    statistics=$(api GET "/v1/campaigns/$1/statistics")
    delivered=$(jq -r '.deliveredMessages // 0' <<<"$statistics")
    printf '\r  delivered %6d of %d   webhooks %6d   %s      ' "$delivered" "$2" "$received" \
      "$(jq -r '[.states[]? | "\(.state) \(.messages)"] | join(", ")' <<<"$statistics")"
    [ "$received" -lt "$2" ] || break
    [ "$SECONDS" -lt "$deadline" ] || { echo; echo "not done in time" >&2; return 1; }
    sleep 0.3
  done
  echo
}
