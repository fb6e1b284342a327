#!/usr/bin/env bash
# TorchSharp 0.107.0: baddbmm adds its last operand to the product of the first two, where it is documented to add the first to the
# product of the last two.
#
# Guess: as in PyTorch and as its own parameters are named, baddbmm(input, batch1, batch2) is input + batch1 · batch2.
# Found: it is batch2 + input · batch1, as a function and as a method of the tensor, without an error where all are square; other shapes are
# refused. addbmm, with the same parameters in the same order, is right, as are bmm and addmm.
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
var input = tensor(new double[,,] { { { 10, 20 }, { 30, 40 } } });
var first = tensor(new double[,,] { { { 1, 2 }, { 3, 4 } } });
var second = tensor(new double[,,] { { { 0, 1 }, { 1, 0 } } });
double[] expected = Numbers(input + first.bmm(second)), rotated = Numbers(second + input.bmm(first));
double[] function = Numbers(baddbmm(input, first, second)), method = Numbers(input.baddbmm(first, second));
Console.WriteLine($"input + batch1 · batch2          {string.Join(" ", expected)}");
Console.WriteLine($"batch2 + input · batch1          {string.Join(" ", rotated)}");
Console.WriteLine($"baddbmm(input, batch1, batch2)   {string.Join(" ", function)}");
Console.WriteLine($"input.baddbmm(batch1, batch2)    {string.Join(" ", method)}");
Console.WriteLine($"addbmm(input[0], batch1, batch2) {string.Join(" ", Numbers(addbmm(input[0], first, second)))}");
return function.SequenceEqual(rotated) && method.SequenceEqual(rotated) && !rotated.SequenceEqual(expected)
    && Numbers(addbmm(input[0], first, second)).SequenceEqual(expected) ? 0 : 1;

static double[] Numbers(Tensor values) => values.flatten().data<double>().ToArray();
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
    echo "as found: baddbmm multiplies its first two operands and adds the third"
else
    echo "changed: expected that baddbmm multiplied its first two operands and added the third"
    exit 1
fi
