#!/usr/bin/env bash
# TorchSharp.PyBridge 1.4.4: load_py takes weights of another shape, without an error.
#
# Guess: loading a 3 x 2 weight into a layer of 2 x 3 throws a size mismatch, as load_state_dict in PyTorch does and load and
# load_safetensors here do.
# Found: a file with as many elements is read element by element: rows and columns are mixed. With fewer elements the first ones are
# replaced and the others stay: after loading 2 x 2 into 2 x 3 four values are of the file and two of the random start. Only more elements
# throw. A model with another number of hidden units or a transposed convention loads "well" and is wrong. load_py takes each tensor's bytes
# into the storage of the parameter.
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
    <PackageReference Include="TorchSharp.PyBridge" Version="1.4.4" />
    <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
    <PackageReference Include="SharpZipLib" Version="1.4.1" />
    <PackageReference Include="SkiaSharp" Version="2.88.9" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, PyBridge 1.4.4: a weight of nines, 2 x 3, after loading");
string transposed = Load("load_py", [3, 2], Python), fewer = Load("load_py", [2, 2], Python);
string row = Load("load_py", [1, 3], Python), more = Load("load_py", [2, 4], Python);
string safetensors = Load("load_safetensors", [3, 2], (from, to) =>
{
    from.save_safetensors("layer.safetensors");
    to.load_safetensors("layer.safetensors");
});
bool silent = transposed == "0 1 2 3 4 5" && fewer == "0 1 2 3 9 9" && row == "0 1 2 9 9 9";
return silent && more.EndsWith("Exception") && safetensors.EndsWith("Exception") ? 0 : 1;

static void Python(Linear from, Linear to)
{
    from.save_py("layer.pt");
    to.load_py("layer.pt");
}

static string Load(string name, long[] shape, Action<Linear, Linear> copy)
{
    Linear from = nn.Linear(shape[1], shape[0], hasBias: false), to = nn.Linear(3, 2, hasBias: false);
    from.weight = new Parameter(arange(shape[0] * shape[1], float32).view(shape));
    to.weight = new Parameter(full([2, 3], 9f));
    string result;
    try
    {
        copy(from, to);
        result = string.Join(" ", to.weight.data<float>());
    }
    catch (Exception exception)
    {
        result = exception.GetBaseException().GetType().Name;
    }

    Console.WriteLine($"{name} of {string.Join(" x ", shape)}: {result}");
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
    echo "as found: other shapes are taken as they come"
else
    echo "changed: expected 0 1 2 3 4 5, 0 1 2 3 9 9 and 0 1 2 9 9 9"
    exit 1
fi
