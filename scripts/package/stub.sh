#!/bin/sh
# parataa @VERSION@ in one file: this stub, an unpacker, ONNX Runtime, the models and Deno. The
# first start unpacks them into a cache folder named by their hash; every start runs from there.
# Needs a shell, gzip and the system's basic tools.
{ # a shell reads up to the closing brace before it starts: a file that was cut in here runs nothing
set -uf
PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
self=$0 newline='
'
case $self in */*) ;; *) self=./$self ;; esac
here=${self%/*}
id=@ID@
files='@FILES@'
total=@TOTAL@

die() {
  printf 'parataa: %s\n' "$2" >&2
  exit "$1"
}

# Whether the folder $1 is complete: every file exists, is older than the mark, and the total size
# is right.
whole() {
  [ -O "$1" ] && [ -f "$1/.complete" ] || return 1
  for file in $files; do
    if ! [ -f "$1/$file" ] || [ "$1/$file" -nt "$1/.complete" ]; then return 1; fi
  done
  sizes=$(cd "$1" && wc -c $files 2>/dev/null) || return 1
  set -- ${sizes##*"$newline"}
  [ "$1" = "$total" ]
}

# Creates the folder $1, or checks that it belongs to the user, so that nobody else can put programs
# there.
ours() {
  case $1 in
    /*/parataa) mkdir -p "$1" 2>/dev/null || { why='it cannot be created'; return 1; } ;;
    *)
      mkdir -m 700 "$1" 2>/dev/null
      case $(ls -ld "$1" 2>/dev/null) in
        drwx------*) ;;
        *) why='it is not a folder of mode 0700'; return 1 ;;
      esac ;;
  esac
  [ -O "$1" ] || { why='it belongs to another user'; return 1; }
}

# Unpacks into the folder $1/$id. The shell unpacks Deno, which unpacks and verifies the rest and
# renames the folder.
unpack() {
  new=$(mktemp -d "$1/.new-XXXXXX" 2>/dev/null) || { why='it cannot be written to'; return 1; }
  trap 'rm -rf "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  uncut "$1"
  # Keeps the reason of a failure in memory, since the disk may be full.
  why=$({
    tail -c +@DENO_AT@ "$self" | gzip -dc >"$new/deno" &&
      tail -c +@UNPACKER_AT@ "$self" 2>/dev/null | head -c @UNPACKER_BYTES@ | gzip -dc >"$new/unpack.js" &&
      chmod 700 "$new/deno" &&
      DENO_DIR="$new/.deno" "$new/deno" run -q --no-prompt --no-config --no-lock --no-remote --no-npm \
        --allow-read --allow-write="$uncut" "$new/unpack.js" \
        "$self" @ARCHIVE_AT@ "$new" "$1/$id"
  } 2>&1)
  status=$?
  why=${why##*"$newline"}
  rm -rf "$new"
  trap - EXIT HUP INT TERM
  return "$status"
}

# Finds the folder of the unpacked files, and unpacks them if necessary.
find_folder() {
  why='neither XDG_CACHE_HOME nor HOME is set' before=
  for base in ${XDG_CACHE_HOME:+"$XDG_CACHE_HOME/parataa"} ${HOME:+"$HOME/.cache/parataa"} \
    "${TMPDIR:-/tmp}/parataa-$(id -u)"; do
    folder=$base/$id
    case $base in /*) ;; *) continue ;; esac
    ours "$base" || { before=$base; continue; }
    whole "$folder" && return
    for tool in tail head gzip mktemp chmod rm; do
      command -v "$tool" >/dev/null || die 7 "E_RUNTIME: unpacking needs $tool, which is not in $PATH"
    done
    reason=
    [ "$base" = "${base%/parataa}" ] && reason=" (${before:+$before: }$why)"
    printf 'parataa: unpacking into %s, once%s\n' "$folder" "$reason" >&2
    unpack "$base" && return
    before=$base
  done
  die 5 "E_IO: cannot unpack into $before: $why - set XDG_CACHE_HOME to a writable folder"
}

@GRANTS@
find_folder
if [ -n "$native" ]; then
  # A library beside this file replaces the bundled one, for example a CUDA build.
  for name in libonnxruntime.so libonnxruntime.so.1 libonnxruntime.dylib; do
    [ -n "${ORT_DYLIB_PATH-}" ] || ! [ -f "$here/$name" ] || export ORT_DYLIB_PATH="$here/$name"
  done
fi
allow_variables
[ -z "$flags" ] || allow read "$folder"
[ $# -eq 0 ] || allow_named "$@"
allow_hosts
export DENO_DIR="$base/deno" DENO_NO_UPDATE_CHECK=1
IFS=$newline
exec "$folder/deno" run -q --no-prompt --no-lock --no-remote --config="$folder/deno.json" \
  $flags "$folder/src/cli/parataa.js" "$@"
}
