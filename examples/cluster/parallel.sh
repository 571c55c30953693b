#!/bin/sh
# Makes the runs of an experiment with GNU parallel, as many at once as there are cores, and reports on them:
#   PARATAA=~/parataa sh parallel.sh window.json output/window
# `--sshlogin node1,node2` spreads them over hosts that share the folder. Exit codes that are permanent are retried too.
set -eu
parataa=${PARATAA:-.}/parataa experiment=$1 out=$2
"$parataa" experiment "$experiment" --list |
  parallel --retries 3 --termseq TERM,30000,KILL "$parataa" experiment "$experiment" -o "$out" --only {} ||
  echo "$? runs are unfinished" >&2
exec "$parataa" experiment "$experiment" -o "$out" --report_only
