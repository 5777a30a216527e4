#!/usr/bin/env bash
# Usage: [GPUS=N] bash tools/benchmarks/dist_train_semi.sh CONFIG WEIGHTS [options of tools/benchmark.py]
# As dist_train_linear.sh, for configs/benchmarks/semi_supervised/. The whole grid in one command:
# mmwsl benchmark PRETRAINING_CONFIG WEIGHTS --on mmwsl::benchmarks/imagenet_semi_supervised.py
set -euo pipefail
if (( $# < 2 )); then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
PROTOCOL=semi_supervised exec bash "$(dirname "$0")/dist_train_linear.sh" "$@"
