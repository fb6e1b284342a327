#!/usr/bin/env bash
# TorchSharp 0.107.0: a DataLoader with a seed shuffles every epoch into the same order, and without one it ignores manual_seed.
#
# Guess: as in PyTorch, a shuffling loader draws a new order for each epoch, and manual_seed (there) or the seed argument (here) makes
# the sequence of orders repeatable.
# Found: with `seed: 5` each enumeration of the loader begins again with the seed, so all epochs see the same batches. Without a seed each
# epoch has an order of its own, but manual_seed does not determine it: two runs with the same seed differ. To have both, a new loader
# is needed for each epoch, with a seed computed from the epoch.
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
using Batch = System.Collections.Generic.IList<TorchSharp.torch.Tensor>;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
var data = utils.data.TensorDataset(arange(1000, dtype: int64));
var seeded = Loader(5);
string first = Order(seeded), second = Order(seeded);
manual_seed(1);
var unseeded = Loader(null);
string one = Order(unseeded), two = Order(unseeded);
manual_seed(1);
string again = Order(Loader(null));
Console.WriteLine($"with a seed: the second epoch has the order of the first: {first == second}");
Console.WriteLine($"without: the second epoch has the order of the first: {one == two}; manual_seed repeats the order: {one == again}");
return first == second && one != two && one != again ? 0 : 1;

DataLoader<Batch, Batch> Loader(int? seed) =>
    new(data, 10, (rows, _) => [stack(rows.Select(row => row[0]))], shuffle: true, device: CPU, seed: seed);

static string Order(DataLoader<Batch, Batch> loader) =>
    string.Join(" ", loader.SelectMany(batch => batch[0].data<long>().ToArray()));
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
    echo "as found: seeded epochs repeat one order, manual_seed has no effect"
else
    echo "changed: expected that seeded epochs repeated one order and manual_seed had no effect"
    exit 1
fi
