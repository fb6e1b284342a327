#!/usr/bin/env bash
# TorchSharp 0.107.0 (libtorch 2.10.0): CyclicLR moves the momentum in the wrong direction.
#
# Guess: as in PyTorch, momentum falls while the learning rate rises, from max_momentum (0.9) to base_momentum (0.8), and back.
# Found: momentum rises with the learning rate, from 0.9 to 1.0 at the peak of each cycle. At momentum 1 SGD no longer forgets any
# gradient. Both libraries cycle the momentum by default, so the call is the same; OneCycleLR of the same version does it right.
# PyTorch's formula: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
#
# Needs: Linux x64, .NET 10 SDK, python3, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
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
    <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
    <PackageReference Include="SharpZipLib" Version="1.4.1" />
    <PackageReference Include="SkiaSharp" Version="2.88.9" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using TorchSharp;
using Schedulers = TorchSharp.torch.optim.lr_scheduler;

var weight = new TorchSharp.Modules.Parameter(torch.zeros(1));
var sgd = torch.optim.SGD([weight], learningRate: 0.1, momentum: 0.9);
var cyclic = Schedulers.CyclicLR(sgd, base_lr: 0.01, max_lr: 0.1, step_size_up: 4);
for (int step = 0; step < 9; step++)
{
    var group = (TorchSharp.Modules.SGD.ParamGroup)sgd.ParamGroups.First();
    Console.WriteLine($"{group.LearningRate:0.0000} {group.Options.momentum:0.000}");
    cyclic.step();
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

./out/probe | tee seen.txt
cat >expected.txt <<'TXT'
0.0100 0.900
0.0325 0.925
0.0550 0.950
0.0775 0.975
0.1000 1.000
0.0775 0.975
0.0550 0.950
0.0325 0.925
0.0100 0.900
TXT
if diff -q seen.txt expected.txt >/dev/null; then
    echo "as found: momentum rises to 1.0 with the learning rate; PyTorch lowers it to 0.8"
else
    echo "changed: expected the second column to rise from 0.9 to 1.0"
    exit 1
fi
