#!/usr/bin/env bash
# TorchSharp 0.107.0: torch.var_mean of a whole tensor returns the standard deviation.
#
# Guess: torch.var_mean(x) returns the variance and the mean, as its name, its tuple (var, mean) and PyTorch say.
# Found: the first number is the standard deviation: 1.2910 in place of 1.6667 for 1, 2, 3, 4. The method x.var_mean(), and the function
# with dimensions, return the variance. Inputs that are standardised with the root of this "variance" end with a spread of
# the fourth root: features in units of a thousand keep a deviation of 32.
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
var values = tensor(new[] { 1.0, 2, 3, 4 });
double variance = values.var().item<double>(), deviation = values.std().item<double>();
double function = torch.var_mean(values).var.item<double>(), method = values.var_mean().var.item<double>();
double along = torch.var_mean(values, 0L).var.item<double>(), population = torch.var_mean(values, unbiased: false).var.item<double>();
Console.WriteLine($"variance {variance:0.0000}, standard deviation {deviation:0.0000}");
Console.WriteLine($"torch.var_mean(x) {function:0.0000}, x.var_mean() {method:0.0000}, torch.var_mean(x, 0) {along:0.0000}");
Console.WriteLine($"torch.var_mean(x, unbiased: false) {population:0.0000}, x.var(false) {values.var(false).item<double>():0.0000}");
return function == deviation && method == variance && along == variance && Math.Abs(population - Math.Sqrt(1.25)) < 1e-12 ? 0 : 1;
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
    echo "as found: torch.var_mean returns the standard deviation, the method the variance"
else
    echo "changed: expected the standard deviation of the function, the variance of the method"
    exit 1
fi
