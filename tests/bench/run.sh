#!/usr/bin/env bash
# Measures, in one run on this machine: the ceilings, Kannel, and us; prints a table with ratios.
#   tests/bench/run.sh [--seconds 5] [--messages 300000] [--ten_million]
set -euo pipefail
cd "$(dirname "$0")/../.."
.ci/install-packages build run test kannel bench
cmake --preset release >/dev/null
ninja -C build/release campaigner-server campaigner-gateway bench_grpc_load bench_echo_servers \
  bench_raw_sqlite bench_webhook_receiver | tail -n 1
exec /usr/bin/python3 tests/bench/bench.py --bin build/release/bin "$@"
