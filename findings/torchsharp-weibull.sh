#!/usr/bin/env bash
# TorchSharp 0.107.0: Weibull draws negative numbers, and its density is no number.
#
# Guess: Weibull(scale: 2, concentration: 1.5) draws positive numbers with mean 1.805, as its property `mean` says; the density at 1 has
# the logarithm -0.988, and the distribution function at 1 is 0.298 (scipy.stats.weibull_min(1.5, scale=2), PyTorch).
# Found: all samples are negative, with a mean of -0.90, and log_prob and cdf at 1 are NaN. Only `mean` and `variance`, which do not use
# the transformed distribution, are right.
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
var weibull = distributions.Weibull(scale: tensor(new[] { 2.0 }), concentration: tensor(new[] { 1.5 }));
var samples = weibull.sample(100_000);
var one = tensor(new[] { 1.0 });
double density = weibull.log_prob(one).ToDouble(), below = weibull.cdf(one).ToDouble();
Console.WriteLine($"property mean {weibull.mean.ToDouble():0.000}; of 100,000 samples: mean {samples.mean().ToDouble():0.000}, largest "
    + $"{samples.max().ToDouble():0.000}");
Console.WriteLine($"at 1: log_prob {density:0.000} (expected -0.988), cdf {below:0.000} (expected 0.298)");
bool right = Math.Abs(weibull.mean.ToDouble() - 1.805) < 0.001;
return right && samples.max().ToDouble() <= 0 && double.IsNaN(density) && double.IsNaN(below) ? 0 : 1;
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
    echo "as found: Weibull's samples are negative, its density is NaN"
else
    echo "changed: expected that Weibull's samples were negative and its density NaN"
    exit 1
fi
