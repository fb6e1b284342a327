#!/usr/bin/env bash
# TorchSharp 0.107.0: rsample of LogNormal, Gumbel and Gamma passes no gradient to the parameters.
#
# Guess: rsample, unlike sample, is the reparameterised draw: its result depends on the parameters and backward reaches them, as in PyTorch.
# Found: true for Normal and Laplace. LogNormal and Gumbel (all transformed distributions) draw under no_grad, Gamma detaches the draw. A
# loss that holds another term of the same parameters runs backward without an error, and the gradient of the draw is missing from the
# sum: a forecaster with such an output, or a variational loss, trains on its penalty alone.
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
bool normal = Reaches("Normal", (first, second) => distributions.Normal(first, second));
bool laplace = Reaches("Laplace", (first, second) => distributions.Laplace(first, second));
bool logNormal = Reaches("LogNormal", (first, second) => distributions.LogNormal(first, second));
bool gumbel = Reaches("Gumbel", (first, second) => distributions.Gumbel(first, second));
bool gamma = Reaches("Gamma", (first, second) => distributions.Gamma(first, second));
return normal && laplace && !logNormal && !gumbel && !gamma ? 0 : 1;

// The loss is the mean of 1,000 draws plus a tenth of the first parameter: without the draws the gradient is 0.1.
static bool Reaches(string name, Func<Tensor, Tensor, distributions.Distribution> create)
{
    random.manual_seed(1);
    var first = new Parameter(tensor(1.5));
    var second = new Parameter(tensor(0.5));
    var draws = create(first, second).rsample(1000);
    var loss = draws.mean() + first * 0.1;
    loss.backward();
    double gradient = first.grad!.item<double>();
    Console.WriteLine($"{name}: rsample requires a gradient: {draws.requires_grad}; gradient of the mean draw + 0.1 parameter: {gradient:0.0000}");
    return gradient != 0.1;
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
    echo "as found: draws of LogNormal, Gumbel and Gamma carry no gradient"
else
    echo "changed: expected gradients through Normal and Laplace alone"
    exit 1
fi
