#!/usr/bin/env bash
# Usage: [GPUS=N] bash tools/benchmarks/dist_train_linear.sh CONFIG WEIGHTS [options of tools/train.py]
# Trains CONFIG (configs/benchmarks/...) from the backbone in WEIGHTS, a checkpoint of ours or of another project, and tests
# it: records.jsonl in work_dirs/CONFIG_NAME/WEIGHTS_NAME. The total batch is the config's, shared out over the GPUs.
set -euo pipefail
if (( $# < 2 )); then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
config=$1 weights=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" PYTHON="${PYTHON:-$(command -v python || command -v python3)}"
gpus=${GPUS:-$("$PYTHON" -c 'import torch; print(max(torch.cuda.device_count(), 1))')}
total=$("$PYTHON" -c 'import sys; from mmwsl.apis import load_config
print(load_config(sys.argv[1]).auto_scale_lr.base_batch_size)' "$config")
if (( total % gpus )); then echo "$config: its $total images a step do not divide among $gpus GPUs" >&2; exit 1; fi
folder=work_dirs/$(basename "$config" .py)/$(basename "$weights" .pth)
mkdir -p "$folder"
"$PYTHON" "$root/tools/model_converters/convert.py" "$weights" "$folder/backbone.pth"
bash "$root/tools/dist_train.sh" "$config" "$gpus" --work-dir "$folder" --cfg-options \
    load_from="$folder/backbone.pth" train_dataloader.batch_size=$(( total / gpus )) "$@"
bash "$root/tools/dist_test.sh" "$config" "$(cat "$folder/last_checkpoint")" "$gpus" --out "$folder/records.jsonl" \
    --cfg-options work_dir="$folder/test"
