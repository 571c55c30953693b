# Sets $uncut to a path that Deno's permission lists can name: $1 itself, or its folder if $1
# contains a comma or a line break.
uncut() {
  uncut=$1
  case $1 in
    *,* | *"$newline"*)
      uncut=${1%%[,"$newline"]*}
      case $uncut in */*) uncut=${uncut%/*} ;; *) uncut=. ;; esac
      uncut=${uncut:-/} ;;
  esac
}

allow() {
  uncut "$2"
  [ -z "$2" ] || flags="$flags$newline--allow-$1=$uncut"
}

# Allows reading a path of the command line. Of an index of shards or a network, allows the folder,
# since its weights lie beside it.
allow_reading() {
  case $1 in
    *.index.json | *.onnx)
      case $1 in */*) allow read "${1%/*}/" ;; *) allow read . ;; esac ;;
    *) allow read "$1" ;;
  esac
  # A LoRA's scale follows its file name.
  case $1 in *?:[-.0-9]*) allow read "${1%:*}" ;; esac
  # Files of a snapshot in Hugging Face's cache are links into the folder of blobs beside the
  # snapshots.
  case $1 in */snapshots/*) allow read "${1%/snapshots/*}/blobs" ;; esac
}

# Allows connecting to the host of the address $1, if it is one.
allow_host() {
  host=${1#*://}
  host=${host%%[/?#]*}
  case $host in '' | *[!]A-Za-z0-9.:[-]*) ;; *) net=$net,$host ;; esac
}

# Allows connecting to the servers in the list $1, the value of --devices.
allow_servers() {
  list=$1,
  while [ -n "$list" ]; do
    case $list in grpc://* | grpcs://*) allow_host "${list%%,*}" ;; esac
    list=${list#*,}
  done
}

# Allows the paths after the command $1: values of the flags in $reads and $writes, and other words
# if $operands is set.
allow_named() {
  shift
  wanted= ended=
  for word; do
    if [ -n "$wanted" ]; then
      flag=$wanted value=$word wanted=
    else
      case $ended$word in
        --) ended=1 && continue ;;
        --*=*) flag=${word%%=*} value=${word#*=} ;;
        --*) flag=$word value= ;;
        -?*) value=${word#??} flag=${word%"$value"} ;;
        *) [ -z "$operands" ] || allow_reading "$word"; continue ;;
      esac
      if [ -z "$value" ]; then
        case " $reads $writes --devices " in *" $flag "*) wanted=$flag ;; esac
        continue
      fi
    fi
    case $flag in --devices) [ -z "$native" ] || allow_servers "$value" ;; esac
    case " $reads $writes " in *" $flag "*) allow_reading "$value" ;; esac
    case " $writes " in *" $flag "*) allow write "$value" ;; esac
  done
}

# Allows the variables in $env and their values: a mirror of the hub, and for native code a library.
allow_variables() {
  case $env in *HF_ENDPOINT*) [ -z "${HF_ENDPOINT-}" ] || allow_host "$HF_ENDPOINT" ;; esac
  if [ -n "$native" ] && [ -n "${ORT_DYLIB_PATH-}" ]; then
    env=${env:+$env,}ORT_DYLIB_PATH
    allow read "$ORT_DYLIB_PATH"
  fi
  [ -z "$env" ] || flags="$flags$newline--allow-env=$env"
}

# Allows the hosts in $net. Deno before 2.9 takes this flag once.
allow_hosts() {
  net=${net#,}
  [ -z "$net" ] || flags="$flags$newline--allow-net=$net"
}

# Further paths and hosts may be allowed before the command, such as paths in an experiment's file
# or the host of a mirror's storage.
more= hosts=
while :; do
  case ${1-} in
    --allow-read=?* | --allow-write=?*) more=$more$newline$1 && shift ;;
    --allow-net=?*) hosts=$hosts,${1#*=} && shift ;;
    *) break ;;
  esac
done

# Permissions of the command, from the table of commands.
flags= env= net= native= reads= writes= operands=
case ${1-} in
@COMMANDS@
esac
flags=$flags$more
net=$net$hosts
