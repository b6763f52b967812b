#!/usr/bin/env bash
# Installs what the tests need (Debian 12), builds, and runs them.
#
#   tests/run.sh            everything that a change must pass
#   tests/run.sh --quick    only the GoogleTest programs, in the dev build: the inner loop
#   tests/run.sh --long     also all tests under the address sanitizer, a thousand simulation seeds, the fuzzers
#                           for a minute each, and clang-tidy: an hour and more
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-}
jobs=$(nproc)
passed=0 failed=()

# step NAME COMMAND ...: runs it, keeps going after a failure, reports at the end.
step() {
  local name=$1 begin=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    printf '== %s: passed in %d s\n' "$name" $((SECONDS - begin))
    passed=$((passed + 1))
  else
    printf '== %s: FAILED after %d s\n' "$name" $((SECONDS - begin))
    failed+=("$name")
  fi
}

# Output only of what went wrong.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else
    tail -n 80 "$log"
    rm -f "$log"
    return 1
  fi
}

build() {
  local preset=$1
  shift
  quietly cmake --preset "$preset" && quietly cmake --build --preset "$preset" -j "$jobs" "$@"
}

build_and_test() {
  build "$1" && ctest --preset "$1" -j "$jobs" --progress --timeout 300 | tail -n 25
}

formatting() {
  git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror
}

fuzzers() {
  build fuzz && tests/fuzz/run.sh build/fuzz/bin 60
}

.ci/install-packages build run test
step "build and tests" build_and_test dev
if [ "$mode" != --quick ]; then
  .ci/install-packages lint kannel
  export CAMPAIGNER_BIN=$PWD/build/dev/bin
  step "formatting" formatting
  step "quickstart" env GRPC_PORT=0 HTTP_PORT=0 WEBHOOK_PORT=0 examples/quickstart.sh --once
  step "a campaign from a list" examples/campaign/run.sh
  step "10,000 messages through a real Kannel" examples/kannel/run.sh 10000
  step "kill -9 under load" tests/faults/kill_test.py --bin "$CAMPAIGNER_BIN"
  step "kill -9 during imports" tests/faults/import_kill_test.py --bin "$CAMPAIGNER_BIN"
  step "SIGTERM under load" tests/faults/drain_test.py --bin "$CAMPAIGNER_BIN"
  step "slow webhook receivers" tests/faults/slow_receivers_test.py --bin "$CAMPAIGNER_BIN"
  step "thread sanitizer, rooms without gRPC" build_and_test tsan-core
fi
if [ "$mode" = --long ]; then
  step "address and undefined behaviour sanitizers" build_and_test asan
  step "a thousand seeds" env CAMPAIGNER_SEEDS=1000 "$CAMPAIGNER_BIN/simulation_test"
  step "clang-tidy" build clang-tidy
  .ci/install-packages fuzz
  step "fuzzing" fuzzers
fi

printf '\n%d passed, %d failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
