#!/bin/sh
# Runs a command of parataa with the permissions of its task, and those to read and write what its line names. Starts from any folder;
# takes Deno, or where there is none, Node's npx to fetch it. Made by `deno run -A scripts/package/launcher.ts`.
set -uf
newline='
'
case $0 in */*) self=$0 ;; *) self=./$0 ;; esac
# How it can be started again: by its bare name where PATH has its folder.
case :$PATH: in *":${self%/*}:"*) name=${self##*/} ;; *) name=$self ;; esac
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
root=$(CDPATH='' cd -- "${self%/*}/" && pwd) || exit
own=

@GRANTS@
for path in $own; do allow read "$root/$path"; done
allow_variables
[ $# -eq 0 ] || allow_named "$@"
IFS=$newline
set -- run --no-prompt --config="$root/deno.json" $flags "$root/scripts/launched.ts" "$name" "$@"
if command -v deno >/dev/null; then exec deno "$@"; fi
if command -v npx >/dev/null; then exec npx -y deno@2 "$@"; fi
echo 'parataa: E_RUNTIME: neither deno nor npx is in PATH - install Deno 2 (https://deno.com) or Node' >&2
exit 7
