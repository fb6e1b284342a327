#!/usr/bin/env bash
# TorchSharp 0.107.0: sum(0) and prod(0) reduce all elements as bytes, not the first dimension.
#
# Guess: x.sum(0) sums over the first dimension, as x.sum(1) does over the second, and as max(0), std(0) and cumsum(0) do.
# Found: C# turns the literal 0 (and a constant 0) into the element type whose number is 0, Byte, before it would make a long of it. The
# result is one number of type Byte, modulo 256: 1500 is 220. sum(1), sum(0L) and a variable that is 0 are right. The one byte
# broadcasts against what a vector was meant for, so column sums and averages of a batch by them are wrong without an error.
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
var values = tensor(new[,] { { 0f, 100, 200 }, { 300, 400, 500 } });
int variable = 0;
string method = Print("x.sum(0)", values.sum(0)), function = Print("torch.sum(x, 0)", torch.sum(values, 0));
string product = Print("(x / 100 + 1).prod(0)", (values / 100 + 1).prod(0));
string second = Print("x.sum(1)", values.sum(1)), typed = Print("x.sum(0L)", values.sum(0L));
string held = Print("x.sum(variable)", values.sum(variable)), deviation = Print("x.std(0)", values.std(0));
return (method, function, product) == ("Byte 220", "Byte 220", "Byte 208") && second == "Float32 300 1200"
    && (typed, held) == ("Float32 300 500 700", "Float32 300 500 700") && deviation.Split(' ').Length == 4 ? 0 : 1;

static string Print(string name, Tensor result)
{
    string text = $"{result.dtype} {string.Join(" ", result.to(ScalarType.Float32).flatten().data<float>().ToArray())}";
    Console.WriteLine($"{name}: {text}");
    return text;
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
    echo "as found: sum(0) is one byte"
else
    echo "changed: expected one byte of sum(0) and prod(0), and sums of columns of sum(0L)"
    exit 1
fi
