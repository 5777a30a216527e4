#!/usr/bin/env bash
# Usage: bash tools/dist_test.sh CONFIG CHECKPOINT NPROC [options of tools/test.py]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT from the environment. NCCL on GPUs, gloo without.
set -euo pipefail
if (( $# < 3 )); then sed -n '2,3s/^# //p' "$0" >&2; exit 2; fi
config=$1 checkpoint=$2 nproc=$3
if [[ $2 =~ ^[0-9]+$ ]]; then checkpoint=$3 nproc=$2; fi  # OpenSelfSup's order
shift 3
root=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-$(command -v python || command -v python3)}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$nproc" \
    "$root/tools/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
