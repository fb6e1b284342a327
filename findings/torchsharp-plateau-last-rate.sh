#!/usr/bin/env bash
# TorchSharp 0.107.0: get_last_lr() of ReduceLROnPlateau is the first rate for ever.
#
# Guess: it gives the rate that the optimizer has after step(), as for all other schedulers and as in PyTorch.
# Found: the optimizer's rate falls by a tenth at each bad step; get_last_lr() stays at what it was when the scheduler was made, because
# step(metric) sets the rates of the groups and not the list that it returns. A log or a stop at a smallest rate that asks the scheduler
# never sees a change. ChainedLR has no list at all: null.
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
using static TorchSharp.torch.optim;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}, rates of the optimizer and of get_last_lr()");
var plateau = Rates("ReduceLROnPlateau", one => lr_scheduler.ReduceLROnPlateau(one, patience: 0), scheduler => scheduler.step(1.0));
var exponential = Rates("ExponentialLR", one => lr_scheduler.ExponentialLR(one, 0.1), scheduler => scheduler.step());
var chained = lr_scheduler.ChainedLR([lr_scheduler.ExponentialLR(SGD([new Parameter(ones(1))], 1), 0.1)]);
Console.WriteLine($"ChainedLR: get_last_lr() is {chained.get_last_lr()?.ToString() ?? "null"}");
bool stays = plateau.All(one => one.Last == 1) && Math.Abs(plateau[^1].Optimizer - 1e-3) < 1e-12;
return stays && exponential.All(one => one.Last == one.Optimizer) && chained.get_last_lr() is null ? 0 : 1;

static (double Optimizer, double Last)[] Rates(
    string name, Func<Optimizer, lr_scheduler.LRScheduler> create, Action<lr_scheduler.LRScheduler> step)
{
    var optimizer = SGD([new Parameter(ones(1))], 1);
    var scheduler = create(optimizer);
    var rates = new (double, double)[4];
    for (int i = 0; i < rates.Length; i++)
    {
        step(scheduler);
        rates[i] = (optimizer.ParamGroups.First().LearningRate, scheduler.get_last_lr().First());
    }

    Console.WriteLine($"{name}: {string.Join(", ", rates.Select(one => $"{one.Item1:0.####} and {one.Item2:0.####}"))}");
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
    echo "as found: get_last_lr() stays at the first rate"
else
    echo "changed: expected 1 from get_last_lr() at all four steps"
    exit 1
fi
