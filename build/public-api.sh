#!/bin/sh
# Writes the public members of the libraries to their PublicAPI.Unshipped.txt: all that PublicAPI.Shipped.txt, the last release's, does not list.
# To be run after a public member was added, changed or removed; the difference is to be looked at before it is committed.
set -eu
cd "$(dirname "$0")/.."
libraries="Abstractions Data Training Training.Gpu Training.Torch Grains Cluster"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for library in $libraries; do
    printf '#nullable enable\n' > "$library/PublicAPI.Unshipped.txt"
done
for last in Training.Torch Grains Cluster; do
    dotnet build "$last" -c Release -v quiet -p:RunAnalyzers=true -p:TreatWarningsAsErrors=false -clp:NoSummary >> "$log" || { cat "$log"; exit 1; }
done
for library in $libraries; do
    { printf '#nullable enable\n'
      sed -nE "s|.*warning RS0016: Symbol '(.*)' is not part of the declared public API .*/$library\.csproj\]\$|\1|p" "$log" | LC_ALL=C sort -u
    } > "$library/PublicAPI.Unshipped.txt"
    echo "$library: $(wc -l < "$library/PublicAPI.Unshipped.txt") lines"
done
