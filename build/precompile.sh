#!/bin/sh
# Compiles assemblies ahead, several at a time: precompile.sh COMPILER LIST, where each line of LIST is assembly|image|settings.
# An image is renamed when it is complete, because a build may be interrupted, or run twice at the same time.
set -eu
export compiler="$1"
processors=$(nproc)
# Each compiler keeps all frameworks in memory.
[ "$processors" -le 8 ] || processors=8
xargs -d '\n' -n 1 -P "$processors" sh -c '
    set -f; IFS="|"; set -- $1
    new="$2.$$.new"
    "$compiler" "$1" "-o:$new" "@$3" --parallelism:1 && mv -f "$new" "$2" || { rm -f "$new"; exit 255; }' precompile < "$2"
