#!/usr/bin/env bash
# TorchSharp 0.107.0: the margin of hinge_embedding_loss is 0 by default, that of HingeEmbeddingLoss is 1.
#
# Guess: the function and the module are one loss with one default, 1, as in PyTorch.
# Found: with the function's default a pair that is labelled as unlike costs nothing at any distance: of distances 0.3 and 0.4 the module
# gives 0.65, the function 0 and a gradient of 0. An encoder of sequences that is trained with the function may map everything to one point,
# and its loss says that all is well.
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
Console.WriteLine("distances 0.3 and 0.4 of unlike pairs (target -1)");
var target = tensor(new[] { -1f, -1f });
var module = Loss("HingeEmbeddingLoss()", distances => nn.HingeEmbeddingLoss().forward(distances, target));
var function = Loss("hinge_embedding_loss()", distances => nn.functional.hinge_embedding_loss(distances, target));
var named = Loss("hinge_embedding_loss(margin: 1)", distances => nn.functional.hinge_embedding_loss(distances, target, margin: 1));
return Math.Abs(module.Loss - 0.65) < 1e-6 && function == (0, 0) && named == module && module.Gradient == -0.5f ? 0 : 1;

static (float Loss, float Gradient) Loss(string name, Func<Tensor, Tensor> loss)
{
    var distances = tensor(new[] { 0.3f, 0.4f }, requires_grad: true);
    var value = loss(distances);
    value.backward();
    var result = (value.item<float>(), distances.grad![0].item<float>());
    Console.WriteLine($"{name}: {result.Item1:0.000}, gradient {result.Item2:0.0}");
    return result;
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
    echo "as found: the function's default has no margin"
else
    echo "changed: expected 0 from the function's default and 0.65 from the module"
    exit 1
fi
