#!/usr/bin/env bash
# TorchSharp 0.107.0: with maximize SGD's weight decay makes weights grow.
#
# Guess: maximize turns the sign of the gradient alone; weight decay pulls to zero as before, as in PyTorch and in TorchSharp's RMSProp.
# Found: the decay is added to the gradient before the sign is turned. A weight of 1 without any gradient is 1.01, 1.0201, ... after
# steps of rate 0.1 and decay 0.1, where it should be 0.99, 0.9801. Who maximises a likelihood or a reward gets weights that grow
# exponentially, slowly enough to look like training.
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

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
double[] minimising = Weights("SGD", parameters => optim.SGD(parameters, 0.1, weight_decay: 0.1));
double[] maximising = Weights("SGD, maximize", parameters => optim.SGD(parameters, 0.1, weight_decay: 0.1, maximize: true));
double[] rmsprop = Weights("RMSProp, maximize", parameters => optim.RMSProp(parameters, 0.1, weight_decay: 0.1, maximize: true));
return Math.Abs(minimising[^1] - Math.Pow(0.99, 3)) < 1e-12 && Math.Abs(maximising[^1] - Math.Pow(1.01, 3)) < 1e-12 && rmsprop[^1] < 1 ? 0 : 1;

static double[] Weights(string name, Func<Parameter[], optim.Optimizer> create)
{
    var weight = new Parameter(tensor(1.0));
    var optimizer = create([weight]);
    var weights = new double[3];
    for (int step = 0; step < weights.Length; step++)
    {
        optimizer.zero_grad();
        (weight * 0).backward();
        optimizer.step();
        weights[step] = weight.item<double>();
    }

    Console.WriteLine($"{name}: {string.Join(" ", weights.Select(one => $"{one:0.0000}"))}");
    return weights;
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
    echo "as found: the weight grows"
else
    echo "changed: expected a weight that shrinks without maximize and grows with it"
    exit 1
fi
