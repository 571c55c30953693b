#!/bin/bash
#SBATCH --job-name=parataa-report
#SBATCH --time=10
#SBATCH --output=%x-%j.log
# Writes the report of the runs that slurm_array.sh has made; takes its variables.
exec "$PARATAA/parataa" experiment "$EXPERIMENT" --output_path "$OUT" --report_only --quiet
