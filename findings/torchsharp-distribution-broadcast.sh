#!/usr/bin/env bash
# TorchSharp 0.107.0: Uniform and Laplace with one number and one vector draw a single random number for all elements.
#
# Guess: the parameters are broadcast, and a distribution with four upper bounds draws four independent numbers, as in PyTorch.
# Found: the shape of the draw is taken from the first parameter before it is broadcast. With a scalar there, one random number is drawn
# and scaled by the vector, so all elements are the same draw: perfectly correlated noise. sample(3) has no dimension for the vector.
# Normal, and both with a vector first, draw independent numbers.
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
random.manual_seed(1);
int uniform = Different("Uniform(0, vector)", distributions.Uniform(tensor(0f), ones(4)).sample());
int laplace = Different("Laplace(0, vector)", distributions.Laplace(tensor(0f), ones(4)).sample());
int normal = Different("Normal(0, vector)", distributions.Normal(tensor(0f), ones(4)).sample());
int vectors = Different("Uniform(vector, vector)", distributions.Uniform(zeros(4), ones(4)).sample());
return (uniform, laplace, normal, vectors) == (1, 1, 4, 4) ? 0 : 1;

static int Different(string name, Tensor draw)
{
    float[] values = draw.data<float>().ToArray();
    Console.WriteLine($"{name}: {string.Join(" ", values.Select(one => $"{one:0.0000}"))}");
    return values.Distinct().Count();
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

if ./out/probe; then
    echo "as found: one number is drawn for four elements"
else
    echo "changed: expected one distinct number of Uniform and Laplace, four of the others"
    exit 1
fi
