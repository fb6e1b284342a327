#!/usr/bin/env bash
# TorchSharp.PyBridge 1.4.4: LSTM weights that share one storage, as those trained on a GPU do, cannot be loaded.
#
# Guess: load_py reads every state dict of plain tensors that torch.save writes, also where tensors are parts of one storage, which PyTorch
# writes once with an offset for each.
# Found: it throws at a tensor whose offset is not 0 (setStorage: out of bounds), because it applies the offset and the strides of the file
# to a storage of the tensor's own size. cuDNN keeps the weights of an LSTM or GRU in one buffer, and state_dict() gives views of it. A
# transposed weight throws too. On the way out save_py writes such an offset as well: PyTorch and load_py both refuse the file. In Python,
# clone() each tensor before torch.save.
#
# Needs: Debian 12 on x64 with python3-torch (1.13), .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
cat >probe.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="TorchSharp" Version="0.107.0" />
    <PackageReference Include="TorchSharp.PyBridge" Version="1.4.4" />
    <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
    <PackageReference Include="SharpZipLib" Version="1.4.1" />
    <PackageReference Include="SkiaSharp" Version="2.88.9" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, PyBridge 1.4.4");
bool copies = Loads("copies.pt"), views = Loads("views.pt"), written = true;
var linear = nn.Linear(3, 2, hasBias: false);
linear.weight = new Parameter(arange(12, float32).view(4, 3)[TensorIndex.Slice(1, 3)]);
linear.save_py("slice.pt");
try
{
    nn.Linear(3, 2, hasBias: false).load_py("slice.pt");
}
catch (Exception exception)
{
    written = false;
    Console.WriteLine($"rows 1 and 2 of a tensor, written by save_py: {exception.GetBaseException().Message.Split('\n')[0]}");
}

return copies && !views && !written ? 0 : 1;

static bool Loads(string file)
{
    var lstm = nn.LSTM(2, 3);
    try
    {
        lstm.load_py(file);
        Console.WriteLine($"{file}: loaded, first weight {lstm.state_dict()["weight_ih_l0"].data<float>()[0]:0.0}");
        return true;
    }
    catch (Exception exception)
    {
        Console.WriteLine($"{file}: {exception.GetBaseException().Message.Split('\n')[0]}");
        return false;
    }
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
# Debian 12 and Ubuntu 22.04: the library asks for GLIBCXX_3.4.32 for a symbol that it does not use. The need is made weak in this copy.
python3 - out/runtimes/linux-x64/native/libLibTorchSharp.so <<'PY'
import os, struct, sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
offset, size, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
for kind, start, link in ((s[1], s[4], s[6]) for s in sections):
    if kind != 0x6FFFFFFE:                       # SHT_GNU_verneed
        continue
    strings, need = sections[link][4], start
    while True:
        _, entries, _, aux, following = struct.unpack_from("<HHIII", data, need)
        at = need + aux
        for _ in range(entries):
            _, flags, _, name, step = struct.unpack_from("<IHHII", data, at)
            if data[strings + name:].startswith(b"GLIBCXX_3.4.32\0"):
                struct.pack_into("<H", data, at + 4, flags | 2)
            at += step
        if not following:
            break
        need += following
os.remove(path)                                  # the package cache may share the file
open(path, "wb").write(data)
PY

# An LSTM whose weights are views of one buffer, as cuDNN's are, and the same with a copy of each.
OMP_NUM_THREADS=1 /usr/bin/python3 - <<'PY' || exit 2
import torch
state = torch.nn.LSTM(2, 3).state_dict()
buffer, start, views = torch.arange(100.0), 0, {}
for name, value in state.items():
    views[name] = buffer[start:start + value.numel()].view_as(value)
    start += value.numel()
torch.save(views, "views.pt")
torch.save({name: value.clone() for name, value in views.items()}, "copies.pt")
PY

if ./out/probe; then
    OMP_NUM_THREADS=1 /usr/bin/python3 -c "import torch; torch.load('slice.pt')" 2>&1 | tail -1 || true
    echo "as found: one storage for several tensors is refused"
else
    echo "changed: expected copies that load, and views and slices that do not"
    exit 1
fi
