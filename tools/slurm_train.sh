#!/usr/bin/env bash
# Usage: bash tools/slurm_train.sh PARTITION JOB CONFIG WORK_DIR [options of tools/train.py]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS from the environment.
set -euo pipefail
if (( $# < 4 )); then sed -n '2,3s/^# //p' "$0" >&2; exit 2; fi
partition=$1 job=$2 config=$3 work_dir=$4
shift 4
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
root=$(cd "$(dirname "$0")/.." && pwd)
(( per_node <= gpus )) || per_node=$gpus
# shellcheck disable=SC2086
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec srun -p "$partition" --job-name="$job" --gres="gpu:$per_node" \
    --ntasks="$gpus" --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} "${PYTHON:-python}" -u "$root/tools/train.py" "$config" --work-dir "$work_dir" \
    --launcher slurm "$@"
