#!/bin/sh
# Runs on a machine with a GPU: bits against the CPU, chunk-steps, and PyTorch's where python3 has torch with CUDA. Writes figures.csv next
# to itself. Exits 0 where all bits are the same, 2 where some differ, 1 where there is no GPU.
cd "$(dirname "$0")" || exit 1
figures=figures.csv
: >"$figures"
if command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | sed 's/^/# /' >>"$figures"
fi
./tbptt-gpu "${1:-cuda:0}" >>"$figures"
status=$?
if [ "$status" -ne 1 ] && python3 -c 'import torch; raise SystemExit(not torch.cuda.is_available())' 2>/dev/null; then
    for precision in float32 tf32; do
        python3 bare_loop.py "$precision" >>"$figures"
    done
fi
cat "$figures"
exit "$status"
