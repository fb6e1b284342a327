#!/usr/bin/env bash
# TorchSharp 0.107.0: OneCycleLR sends the learning rate of a second parameter group up and down for ever.
#
# Guess: all parameter groups go through one cycle: up to max_lr in the first 30 % of the steps, then down to almost nothing, as in PyTorch.
# Found: only the first group does. The second group never leaves the first phase, whose cosine is continued past its end: with 20 steps
# its rate is at the maximum at step 5, at a 25th of it at step 10, at the maximum again at step 15, and high in the last step.
# Nothing throws, and get_last_lr() is seldom printed for more than one group. Two groups are what a lower rate for an embedding, or
# weight decay without the biases, needs.
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

const int Steps = 20;
const double Highest = 0.1;
Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
var optimizer = optim.Adam([new Adam.ParamGroup([new Parameter(zeros(1))]), new Adam.ParamGroup([new Parameter(zeros(1))])], lr: Highest);
var schedule = optim.lr_scheduler.OneCycleLR(optimizer, Highest, Steps, cycle_momentum: false);
var rates = new double[2][] { new double[Steps], new double[Steps] };
for (int step = 0; step < Steps; step++)
{
    if (step > 0)
    {
        schedule.step();
    }

    double[] now = [.. optimizer.ParamGroups.Select(group => group.LearningRate)];
    (rates[0][step], rates[1][step]) = (now[0], now[1]);
}

for (int group = 0; group < 2; group++)
{
    Console.WriteLine($"group {group}: {string.Join(" ", rates[group].Select(one => $"{one:0.000}"))}");
}

// One cycle: after its highest rate a group's rate only falls.
static bool Falls(double[] rates) => rates.Skip(6).Zip(rates.Skip(7)).All(pair => pair.Second < pair.First);
return Falls(rates[0]) && rates[0][^1] < 1e-5 && !Falls(rates[1]) && Math.Abs(rates[1][15] - Highest) < 1e-6 && rates[1][^1] > 1e-3 ? 0 : 1;
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
    echo "as found: the second group's rate rises again at step 15"
else
    echo "changed: expected one cycle in the first group and a second rise in the second"
    exit 1
fi
