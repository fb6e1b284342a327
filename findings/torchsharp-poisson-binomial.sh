#!/usr/bin/env bash
# TorchSharp 0.107.0: Poisson's distribution function is that of the exponential distribution, Binomial's entropy that of a single trial.
#
# Guess: cdf is the probability of at most k events; the entropy grows with the number of trials. PyTorch raises for the first, computes the
# second.
# Found: Poisson(3).cdf(2) is 1 - exp(-6) = 0.9975 in place of 0.4232, and icdf is the exponential's too; Binomial(10, 0.5).entropy() is
# ln 2 = 0.6931 in place of 1.8760, whatever the number of trials. log_prob of both is right, so sums of it show the difference.
# Count forecasts get wrong intervals and wrong coverage.
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
var poisson = distributions.Poisson(tensor(3.0));
double cdf = poisson.cdf(tensor(2.0)).item<double>(), summed = poisson.log_prob(tensor(new[] { 0.0, 1, 2 })).exp().sum().item<double>();
double quantile = poisson.icdf(tensor(0.5)).item<double>();
Console.WriteLine($"Poisson(3): cdf(2) {cdf:0.0000}, sum of the probabilities of 0, 1, 2 {summed:0.0000}; icdf(0.5) {quantile:0.0000}, median 3");
var binomial = distributions.Binomial(tensor(10.0), tensor(0.5));
var logs = binomial.log_prob(arange(11, ScalarType.Float64));
double entropy = binomial.entropy().item<double>(), wanted = -(logs.exp() * logs).sum().item<double>();
Console.WriteLine($"Binomial(10, 0.5): entropy {entropy:0.0000}, by its probabilities {wanted:0.0000}");
return Math.Abs(cdf - (1 - Math.Exp(-6))) < 1e-12 && Math.Abs(summed - 0.4232) < 1e-4 && Math.Abs(quantile - Math.Log(2) / 3) < 1e-12
    && Math.Abs(entropy - Math.Log(2)) < 1e-12 && Math.Abs(wanted - 1.8760) < 1e-3 ? 0 : 1;
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
    echo "as found: Poisson's cdf is the exponential's, Binomial's entropy that of one trial"
else
    echo "changed: expected 1 - exp(-6) and ln 2"
    exit 1
fi
