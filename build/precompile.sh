#!/bin/sh
# Compiles assemblies ahead, one on each processor: precompile.sh COMPILER LIST, where each line of LIST is assembly|image|settings.
# An image is renamed when it is complete, because a build may be interrupted.
set -eu
export compiler="$1"
xargs -d '\n' -n 1 -P "$(nproc)" sh -c '
    set -f; IFS="|"; set -- $1
    "$compiler" "$1" "-o:$2.new" "@$3" --parallelism:1 && mv -f "$2.new" "$2" || exit 255' precompile < "$2"
