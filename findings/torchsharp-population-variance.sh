#!/usr/bin/env bash
# TorchSharp 0.107.0: var(unbiased: false) of all elements is the unbiased variance.
#
# Guess: x.var(false) divides by the number of elements, as x.std(false), x.var(0, false) and PyTorch do: 1.25 for 1, 2, 3, 4.
# Found: it divides by one less, 1.6667, because the argument is not handed on; torch.var(x, false) does the same. x.var(false) is not the
# square of x.std(false), and for one element it is NaN in place of 0. Standardisation by the population's variance, as
# scikit-learn's, differs for small samples, and a batch of one spoils everything.
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
double method = values.var(false).item<double>(), function = torch.var(values, false).item<double>();
double along = values.var(0L, false).item<double>(), deviation = values.std(false).item<double>();
double one = values.narrow(0, 0, 1).var(false).item<double>();
Console.WriteLine($"x.var(false) {method:0.0000}, torch.var(x, false) {function:0.0000}, x.var(0, false) {along:0.0000}");
Console.WriteLine($"x.std(false) {deviation:0.0000}, its square {deviation * deviation:0.0000}; x.var(false) of one element {one}");
return Math.Abs(method - 5.0 / 3) < 1e-12 && function == method && along == 1.25 && Math.Abs(deviation * deviation - 1.25) < 1e-12
    && double.IsNaN(one) ? 0 : 1;
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
    echo "as found: var(false) is unbiased"
else
    echo "changed: expected 5/3 of var(false) and 1.25 along the dimension"
    exit 1
fi
