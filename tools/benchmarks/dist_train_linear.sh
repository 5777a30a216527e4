#!/usr/bin/env bash
# Usage: [GPUS=N] bash tools/benchmarks/dist_train_linear.sh CONFIG WEIGHTS [options of tools/benchmark.py]
# Trains CONFIG (configs/benchmarks/...) from the backbone in WEIGHTS, a checkpoint of ours or of another project, and
# tests it. The total batch is the config's, shared out over the GPUs (default: all there are, or one process). Records:
# work_dirs/CONFIG_NAME/records.jsonl. PROTOCOL in the environment: their protocol's name.
set -euo pipefail
if (( $# < 2 )); then sed -n '2,5s/^# //p' "$0" >&2; exit 2; fi
config=$1 weights=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
python="${PYTHON:-$(command -v python || command -v python3)}"
gpus=${GPUS:-$("$python" -c 'import torch; print(max(torch.cuda.device_count(), 1))')}
folder=work_dirs/$(basename "$config" .py)
exec "$python" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$gpus" \
    "$root/tools/benchmark.py" "$config" "$weights" --launcher pytorch --protocols "${PROTOCOL:-linear_online}" \
    --method "$(basename "$weights" .pth)" --work-dir "$folder" --out "$folder/records.jsonl" "$@"
