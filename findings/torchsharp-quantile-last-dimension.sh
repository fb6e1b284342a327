#!/usr/bin/env bash
# TorchSharp 0.107.0: quantile, nanquantile and aminmax take dimension -1 for "all of the tensor".
#
# Guess: -1 is the last dimension, as everywhere in PyTorch and in TorchSharp's own max, mean and std: a median for each row.
# Found: with dim: -1 the three functions flatten the tensor and return one number. The last dimension by its positive number gives a
# number for each row, and so does -2 for the other dimension. One number broadcasts against the rows without an error, so a robust
# scaling by row (median and quartiles) becomes one by the whole batch.
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
var rows = tensor(new[,] { { 0.0, 1, 2 }, { 10, 11, 12 } });
var half = tensor(0.5);
string[] last = [Text(rows.quantile(half, dim: -1)), Text(rows.nanquantile(half, dim: -1)), Text(rows.aminmax(-1).min)];
string[] byNumber = [Text(rows.quantile(half, dim: 1)), Text(rows.nanquantile(half, dim: 1)), Text(rows.aminmax(1).min)];
Console.WriteLine("rows 0 1 2 and 10 11 12");
Console.WriteLine($"quantile 0.5, dim -1: {last[0]}; dim 1: {byNumber[0]}; dim -2: {Text(rows.quantile(half, dim: -2))}");
Console.WriteLine($"nanquantile 0.5, dim -1: {last[1]}; dim 1: {byNumber[1]}");
Console.WriteLine($"aminmax (minimum), dim -1: {last[2]}; dim 1: {byNumber[2]}");
Console.WriteLine($"max, dim -1: {Text(rows.max(-1).values)}; mean, dim -1: {Text(rows.mean([-1]))}");
return last is ["6", "6", "0"] && byNumber is ["1 11", "1 11", "0 10"] && Text(rows.max(-1).values) == "2 12" ? 0 : 1;

static string Text(Tensor values) => string.Join(" ", values.data<double>().ToArray());
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
    echo "as found: quantile, nanquantile and aminmax flatten the tensor for dimension -1"
else
    echo "changed: expected one number of the whole tensor for dimension -1, and one for each row for 1"
    exit 1
fi
