#!/usr/bin/env bash
# TorchSharp 0.107.0: CyclicLR in the mode ExpRange lowers its amplitude once a cycle, not at every iteration.
#
# Guess: as PyTorch documents exp_range, the amplitude is multiplied by gamma to the power of the iteration.
# Found: by gamma to the power of the number of the cycle, from 1: with gamma 0.9 and 4 iterations a cycle the rate at iteration 5 is 0.4645
# in place of 0.3657, and a gamma near 1, as it is chosen for a power of iterations, hardly decays at all. Triangular2 is right.
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
using TorchSharp.Modules;
using static TorchSharp.torch;
using Mode = TorchSharp.torch.optim.lr_scheduler.impl.CyclicLR.Mode;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
const double Low = 0.1, High = 1, Gamma = 0.9;
double[] rates = Rates(Mode.ExpRange), halved = Rates(Mode.Triangular2);
double[] byIteration = [.. Enumerable.Range(0, 10).Select(i => Low + (High - Low) * Height(i) * Math.Pow(Gamma, i))];
double[] byCycle = [.. Enumerable.Range(0, 10).Select(i => Low + (High - Low) * Height(i) * Math.Pow(Gamma, 1 + i / 4))];
double[] halves = [.. Enumerable.Range(0, 10).Select(i => Low + (High - Low) * Height(i) / (1 << i / 4))];
Console.WriteLine($"gamma^iteration: {Text(byIteration)}");
Console.WriteLine($"gamma^cycle:     {Text(byCycle)}");
Console.WriteLine($"ExpRange:        {Text(rates)}");
return Near(rates, byCycle) && !Near(rates, byIteration) && Near(halved, halves) ? 0 : 1;

static double Height(int iteration) => iteration % 4 <= 2 ? iteration % 4 / 2.0 : (4 - iteration % 4) / 2.0;
static bool Near(double[] some, double[] others) => some.Zip(others).All(pair => Math.Abs(pair.First - pair.Second) < 1e-9);
static string Text(double[] rates) => string.Join(" ", rates.Select(rate => $"{rate:0.0000}"));

static double[] Rates(Mode mode)
{
    var optimizer = optim.SGD([new Parameter(tensor(new[] { 0.0 }))], 1.0);
    var schedule = optim.lr_scheduler.CyclicLR(optimizer, Low, High, 2, gamma: Gamma, mode: mode, cycle_momentum: false);
    var rates = new double[10];
    for (int i = 0; i < rates.Length; i++)
    {
        rates[i] = optimizer.ParamGroups.First().LearningRate;
        optimizer.step();
        schedule.step();
    }

    return rates;
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
    echo "as found: ExpRange decays by the cycle"
else
    echo "changed: expected that ExpRange decayed by the cycle"
    exit 1
fi
