#!/usr/bin/env bash
# TorchSharp 0.107.0: Rprop throws at its first step where a parameter has no dimensions.
#
# Guess: a learned scalar, such as a temperature, is updated as any other parameter is; torch.optim.Rprop does that.
# Found: "Index put requires the source and destination dtypes match": the factors that are written into the signs of the gradient have
# another type than it, an integer next to float64, a double next to float32, and only tensors with dimensions convert them. The same
# scalar as a vector of one element is updated, and Adamax updates both.
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
bool isAsFound = true;
foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
{
    string scalar = Step("Rprop, a scalar", type, [], parameters => optim.Rprop(parameters, 0.01));
    isAsFound &= scalar.StartsWith("Index put requires the source and destination dtypes match", StringComparison.Ordinal)
        && Step("Rprop, a vector of one element", type, [1], parameters => optim.Rprop(parameters, 0.01)) == "0.9900"
        && Step("Adamax, a scalar", type, [], parameters => optim.Adamax(parameters, 0.01)) == "0.9900";
}

return isAsFound ? 0 : 1;

static string Step(string name, ScalarType type, long[] size, Func<Parameter[], optim.Optimizer> create)
{
    var weight = new Parameter(ones(size, dtype: type));
    var optimizer = create([weight]);
    weight.sum().backward();
    string result;
    try
    {
        optimizer.step();
        result = $"{weight.to(float64).item<double>():0.0000}";
    }
    catch (Exception e)
    {
        result = e.Message.Split('\n')[0];
    }

    Console.WriteLine($"{name}, {type}: {result}");
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
    echo "as found: Rprop throws with a scalar"
else
    echo "changed: expected an exception of Rprop with a scalar, and none otherwise"
    exit 1
fi
