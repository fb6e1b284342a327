#!/bin/sh
# Runs on a machine with a GPU, without .NET and network:
#     run.sh [--emulated] [--device cuda:N] [PART...]
# Parts, all of them by default, each of which takes less than 10 minutes:
#     goldens   whole runs: PyTorch's losses, and the CPU's bits
#     bits      chunks of the average example and of 128, 512 and 1,024 units: the CPU's bits
#     cluster   a silo with the GPU and one with CPUs, the first of which is killed: the same model as on CPUs
#     steps     times of chunk-steps, then those of PyTorch's nn.LSTM without TF32, where python3 has torch with CUDA
#     precision the same with train.precision tf32 and bfloat16: within their tolerance of float32, the same bits each time, and times;
#               then those of PyTorch's nn.LSTM with TF32
#     shared    two trainers on the device: the CPU's bits, and times
#     memory    device and process over 10,000 chunk-steps
#     ptx       no measurement: writes the PTX of all kernels of some networks for sm_80 and sm_90 into the folder ptx next to itself, to be
#               read, or compiled by ptxas -arch=sm_80 FILE where a CUDA toolkit is installed; works without a GPU
# --emulated runs small shapes in the emulator, where there is no GPU; its times say nothing.
# Appends all figures to figures.csv next to itself. Exits 0 where all is well, 2 where a part failed, 1 where there is no GPU.
cd "$(dirname "$0")" || exit 1
options= parts= device=cuda:0 emulated=
while [ $# -gt 0 ]; do
    case $1 in
        --emulated) emulated=yes options="$options $1" ;;
        --device) device=$2 options="$options $1 $2"; shift ;;
        *) parts="$parts $1" ;;
    esac
    shift
done
if command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | sed 's/^/# /' | tee -a figures.csv
fi
status=0
for part in ${parts:-goldens bits cluster steps precision shared memory ptx}; do
    # The exit code of the program, not that of tee.
    { ./tbptt-gpu $options "$part"; echo $? >.status; } | tee -a figures.csv
    code=$(cat .status)
    rm .status
    [ "$code" -ne 1 ] || exit 1
    [ "$code" -eq 0 ] || status=2
    case $part in steps) torch=float32 ;; precision) torch=tf32 ;; *) torch= ;; esac
    if [ -n "$torch" ] && [ -z "$emulated" ] && python3 -c 'import torch; raise SystemExit(not torch.cuda.is_available())' 2>/dev/null; then
        python3 bare_loop.py "$torch" "$device" | tee -a figures.csv
    fi
done
echo "# $([ $status -eq 0 ] && echo all is well || echo a part failed), figures in $(pwd)/figures.csv"
exit $status
