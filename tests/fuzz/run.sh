#!/usr/bin/env bash
# Runs every fuzzer of a build for some seconds, from its corpus. A crash leaves its input beside the build.
#   tests/fuzz/run.sh build/fuzz/bin SECONDS
set -euo pipefail
bin=$1 seconds=$2
corpora=$(cd "$(dirname "$0")/corpus" && pwd)
for fuzzer in "$bin"/fuzz_*; do
  name=$(basename "$fuzzer")
  name=${name#fuzz_}
  found=$(mktemp -d)
  echo "-- $name"
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$bin/$name-" "$found" "$corpora/$name" 2>&1 | tail -n 8
  rm -rf "$found"
done
