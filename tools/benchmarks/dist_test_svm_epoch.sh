#!/usr/bin/env bash
# Usage: bash tools/benchmarks/dist_test_svm_epoch.sh CONFIG EPOCH ["feat1 feat2 ... feat5"] [GPUS]
# As dist_test_svm_pretrain.sh, for work_dirs/CONFIG_NAME/epoch_EPOCH.pth.
set -euo pipefail
if (( $# < 2 )); then sed -n '2,3s/^# //p' "$0" >&2; exit 2; fi
config=$1 epoch=$2
shift 2
exec bash "$(dirname "$0")/dist_test_svm_pretrain.sh" "$config" "work_dirs/$(basename "$config" .py)/epoch_$epoch.pth" "$@"
