#!/bin/sh
# Packs the program for a machine with a GPU that has neither .NET nor a network: artifacts/gpu/tbptt-gpu.tar.gz, below 60 MiB.
set -eu
cd "$(dirname "$0")"
out=../../artifacts/gpu
rm -rf "$out"
dotnet publish Gpu.Benchmarks.csproj -c Release -p:WithRuntime=true -p:Precompile=false -p:DebugType=none -o "$out/tbptt-gpu"
cp run.sh bare_loop.py "$out/tbptt-gpu/"
tar -C "$out" -czf "$out/tbptt-gpu.tar.gz" tbptt-gpu
size=$(stat -c %s "$out/tbptt-gpu.tar.gz")
echo "$out/tbptt-gpu.tar.gz: $size bytes"
[ "$size" -lt 62914560 ] || { echo "expected less than 60 MiB" >&2; exit 1; }
