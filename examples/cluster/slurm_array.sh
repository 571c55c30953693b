#!/bin/bash
#SBATCH --job-name=parataa
#SBATCH --array=1-4
#SBATCH --cpus-per-task=1
#SBATCH --time=60
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%A_%a.log
# Makes the runs of an experiment: each of four tasks makes every fourth run. From a folder that all nodes share:
#   export PARATAA=$HOME/parataa EXPERIMENT=$HOME/window.json OUT=$HOME/window
#   array=$(sbatch --parsable slurm_array.sh)
#   sbatch --dependency=afterany:$array slurm_report.sh
# A task that is preempted, loses its node or reaches its time limit continues in the middle of its run.

"$PARATAA/parataa" experiment "$EXPERIMENT" --output_path "$OUT" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" &
program=$!
again=
trap 'again=1; kill -TERM "$program"' USR1 # the time limit is near
trap 'kill -TERM "$program"' TERM          # Slurm preempts or cancels the task
wait "$program"
code=$?
# A trap ends the first wait before the program.
if kill -0 "$program" 2>/dev/null; then
  wait "$program"
  code=$?
fi

# Exit codes that are worth a retry: docs/troubleshooting.md
case $code in 5 | 7 | 8 | 9) again=1 ;; esac
if [ -n "$again" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
