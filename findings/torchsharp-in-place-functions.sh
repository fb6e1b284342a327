#!/usr/bin/env bash
# TorchSharp 0.107.0: torch.clamp_max_, torch.clamp_min_ and torch.lgamma_ leave their tensor as it was.
#
# Guess: the trailing underscore means "in place", so that the result need not be kept: torch.clamp_max_(gradient, 1) clips the gradient.
# Found: the three functions compute a new tensor and return it; the given one is unchanged. The methods of the same names, and
# torch.clamp_, do work in place. Who writes the call as a statement clips nothing, without an error.
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
var uses = new Dictionary<string, Action<Tensor>>
{
    ["torch.clamp_max_"] = values => torch.clamp_max_(values, 1),
    ["torch.clamp_min_"] = values => torch.clamp_min_(values, 3),
    ["torch.lgamma_"] = values => torch.lgamma_(values),
    ["torch.clamp_"] = values => torch.clamp_(values, 0, 1),
    ["Tensor.clamp_max_"] = values => values.clamp_max_(1),
    ["Tensor.clamp_min_"] = values => values.clamp_min_(3),
    ["Tensor.lgamma_"] = values => values.lgamma_(),
};
var unchanged = new List<string>();
foreach (var (name, use) in uses)
{
    var values = tensor(new[] { 0.5, 2, 4 });
    use(values);
    double[] after = values.data<double>().ToArray();
    Console.WriteLine($"{name}: 0.5 2 4 becomes {string.Join(" ", after.Select(one => $"{one:0.###}"))}");
    if (after is [0.5, 2, 4])
    {
        unchanged.Add(name);
    }
}

return unchanged is ["torch.clamp_max_", "torch.clamp_min_", "torch.lgamma_"] ? 0 : 1;
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
    echo "as found: three functions with an underscore change nothing"
else
    echo "changed: expected no change by the three functions, and one by the methods"
    exit 1
fi
