#!/usr/bin/env bash
# TorchSharp 0.107.0: the weight and the bias of a new GroupNorm are whatever lies in memory.
#
# Guess: they are ones and zeros, as in PyTorch and as those of LayerNorm, BatchNorm1d and InstanceNorm1d here, so that a new layer
# normalises and does nothing else.
# Found: they are made by torch.empty and never set (src/TorchSharp/NN/Normalization/GroupNorm.cs): numbers of tensors that were freed
# before, zeros, NaN. A model with the layer starts elsewhere at each run whatever the seed is, and often at outputs of 0, which pass no
# gradient back. Loaded weights replace them; for a new model call init.ones_ and init.zeros_.
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
using static TorchSharp.torch;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
manual_seed(1);
int changed = 0;
for (int i = 0; i < 20; i++)
{
    using (NewDisposeScope())
    {
        for (int k = 0; k < 10; k++)
        {
            full(64, 1234f + i);                    // memory that is free again at the end of the scope
        }
    }

    using var layer = nn.GroupNorm(4, 64);
    float[] weight = [.. layer.weight!.data<float>()], bias = [.. layer.bias!.data<float>()];
    changed += weight.All(value => value == 1) && bias.All(value => value == 0) ? 0 : 1;
    if (i < 3)
    {
        string[] shown = [.. new[] { weight, bias }.Select(values => string.Join(" ", values[20..24]))];
        Console.WriteLine($"GroupNorm, elements 20 to 23: weight {shown[0]}, bias {shown[1]}");
    }
}

Console.WriteLine($"{changed} of 20 new layers do not begin with ones and zeros");
var other = nn.LayerNorm(64);
var instance = nn.InstanceNorm1d(64, affine: true);
bool right = new[] { other.weight!, instance.weight! }.All(one => one.data<float>().All(value => value == 1));
Console.WriteLine($"LayerNorm and InstanceNorm1d begin with ones: {right}");
return changed == 20 && right ? 0 : 1;
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

if ./out/probe; then
    echo "as found: GroupNorm begins with what lies in memory"
else
    echo "changed: expected 20 of 20 layers without ones and zeros"
    exit 1
fi
