#!/usr/bin/env bash
# Usage: bash tools/benchmarks/dist_test_svm_pretrain.sh CONFIG WEIGHTS|random ["feat1 feat2 ... feat5"] [GPUS]
# SVM and low-shot SVM on VOC2007 from layers of a ResNet (default: feat5, the last stage); CONFIG is that of the
# pre-training. Records: work_dirs/CONFIG_NAME/svm/WEIGHTS_NAME.jsonl. OPTIONS in the environment: more of tools/benchmark.py.
set -euo pipefail
if (( $# < 2 )); then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
config=$1 weights=$2 features=${3:-feat5} gpus=${4:-1}
layers=()
for feature in $features; do
    if [[ ! $feature =~ ^feat[1-5]$ ]]; then echo "$feature is unknown; choose from feat1 feat2 feat3 feat4 feat5" >&2; exit 1; fi
    layers+=($(( ${feature#feat} - 1 )))
done
root=$(cd "$(dirname "$0")/../.." && pwd)
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-$(command -v python || command -v python3)}" -m torch.distributed.run \
    --master_port="${PORT:-29500}" --nproc_per_node="$gpus" "$root/tools/benchmark.py" "$config" "$weights" \
    --launcher pytorch --on mmwsl::benchmarks/voc07_svm.py --layers "${layers[@]}" --pooling openselfsup \
    --out "work_dirs/$(basename "$config" .py)/svm/$(basename "$weights" .pth).jsonl" ${OPTIONS:-}
