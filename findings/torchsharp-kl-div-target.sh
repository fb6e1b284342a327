#!/usr/bin/env bash
# TorchSharp 0.107.0: kl_div and KLDivLoss take the target as a logarithm by default.
#
# Guess: as in PyTorch, kl_div(input, target) takes log probabilities as input and probabilities as target (log_target: false), and the
# divergence of a distribution from itself is 0.
# Found: log_target is true by default. Probabilities as a target are taken for their logarithms, without an error: the divergence of a
# distribution from itself is 7.0. With log_target: false it is 0.
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
using static TorchSharp.torch.nn;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
var probabilities = tensor(new[] { 0.1, 0.2, 0.7 });
var logarithms = probabilities.log();
double byDefault = functional.kl_div(logarithms, probabilities, reduction: Reduction.Sum).ToDouble();
double module = KLDivLoss(reduction: Reduction.Sum).call(logarithms, probabilities).ToDouble();
double probability = functional.kl_div(logarithms, probabilities, log_target: false, reduction: Reduction.Sum).ToDouble();
double asLogarithm = (probabilities.exp() * (probabilities - logarithms)).sum().ToDouble();
Console.WriteLine($"divergence of (0.1, 0.2, 0.7) from itself: kl_div {byDefault:0.000}, KLDivLoss {module:0.000}, "
    + $"with log_target: false {probability:0.000}");
Console.WriteLine($"with the target taken for logarithms: {asLogarithm:0.000}");
bool taken = Math.Abs(byDefault - asLogarithm) < 1e-9 && Math.Abs(module - asLogarithm) < 1e-9;
return taken && Math.Abs(probability) < 1e-9 && byDefault > 1 ? 0 : 1;
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
    echo "as found: the target is taken for logarithms by default"
else
    echo "changed: expected that the target was taken for logarithms by default"
    exit 1
fi
