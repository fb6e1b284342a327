#!/usr/bin/env bash
# TorchSharp 0.107.0: gaussian_nll_loss averages over rows only; the features of a row are summed.
#
# Guess: as in PyTorch (1.13 was run), the loss is elementwise: Mean divides by the number of elements, None gives the input's shape.
# Found: the last dimension is summed first: for a [6, 4] input Mean is 4 times PyTorch's, and None gives [6]. So a
# model with more outputs trains with a proportionally larger rate, and its losses cannot be compared with PyTorch's.
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
using static TorchSharp.torch.nn;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
var means = (arange(24, dtype: float64) * 0.37).sin().reshape(6, 4);
var targets = (arange(24, dtype: float64) * 0.73).cos().reshape(6, 4);
var variances = targets * targets + 0.1;
double loss = functional.gaussian_nll_loss(means, targets, variances).ToDouble();
double elementwise = (0.5 * (variances.log() + (means - targets).pow(2) / variances)).mean().ToDouble();
long[] shape = functional.gaussian_nll_loss(means, targets, variances, reduction: Reduction.None).shape;
Console.WriteLine($"input [6, 4]: Mean {loss:0.0000}, the elements' mean {elementwise:0.0000}, ratio {loss / elementwise:0.000}");
Console.WriteLine($"None: [{string.Join(", ", shape)}]");
return Math.Abs(loss / elementwise - 4) < 1e-9 && shape.Length == 1 ? 0 : 1;
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
    echo "as found: features are summed, rows averaged"
else
    echo "changed: expected that features were summed and rows averaged"
    exit 1
fi
