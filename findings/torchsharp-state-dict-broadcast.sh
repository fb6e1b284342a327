#!/usr/bin/env bash
# TorchSharp 0.107.0: load_state_dict spreads a row or a single number over a larger parameter.
#
# Guess: a shape that is not the parameter's throws, as in PyTorch ("size mismatch"), whatever it is.
# Found: load_state_dict copies with broadcasting: a weight of 1 x 3 fills both rows of one of 2 x 3, a bias of 1 each element of a bias of
# 4. Only shapes that cannot be broadcast throw. The state of a model with one output loads into one with several, which are then all alike.
# load() of TorchSharp's own files compares the shapes.
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
Linear one = nn.Linear(3, 1), two = nn.Linear(3, 2);
two.load_state_dict(one.state_dict());
Console.WriteLine($"weight of 1 x 3: {Show(one.weight!)}; the one of 2 x 3 that it was loaded into: {Show(two.weight!)}");
Console.WriteLine($"bias of 1: {Show(one.bias!)}; the one of 2: {Show(two.bias!)}");
bool spread = two.weight!.allclose(one.weight!.expand(2, 3)) && two.bias!.allclose(one.bias!.expand(2));
string other = Refused("three rows into two", () => two.load_state_dict(nn.Linear(3, 3).state_dict()));
one.save("one.dat");
string file = Refused("load() of the same file", () => nn.Linear(3, 2).load("one.dat"));
return spread && other != "" && file != "" ? 0 : 1;

static string Show(Tensor tensor) => string.Join(" ", tensor.data<float>().Select(value => $"{value:0.000}"));

static string Refused(string name, Action load)
{
    try
    {
        load();
        return "";
    }
    catch (Exception exception)
    {
        Console.WriteLine($"{name}: {exception.GetType().Name}");
        return exception.GetType().Name;
    }
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
    echo "as found: a row fills two rows, a number two elements"
else
    echo "changed: expected a weight and a bias that are spread, and errors elsewhere"
    exit 1
fi
