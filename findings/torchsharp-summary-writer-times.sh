#!/usr/bin/env bash
# TorchSharp 0.107.0: the TensorBoard files of SummaryWriter begin 20 billion years in the future, and their times are whole seconds.
#
# Guess: as in PyTorch's files, `wall_time` is the Unix time in seconds with its fraction, in the version record that begins a file, too,
# and the file's name carries the Unix time in seconds.
# Found: the version record's time is in .NET's ticks (6.4e17), and so is the number in the file's name. The scalars' times are Unix times
# cut to seconds: at 100 steps a second, a hundred points share one place on the axes "Relative" and "Wall". Values, steps and checksums
# are right.
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
using System.Buffers.Binary;
using TorchSharp;
using static TorchSharp.torch;

Console.WriteLine($".NET {Environment.Version}, TorchSharp 0.107.0, libtorch {__version__}");
var writer = utils.tensorboard.SummaryWriter("logs");
for (int step = 0; step < 20; step++)
{
    writer.add_scalar("loss", 1f / (step + 1), step);
    Thread.Sleep(100);
}

string path = Directory.EnumerateFiles("logs").Single();
byte[] file = File.ReadAllBytes(path);
var times = new List<double>();
for (int at = 0; at < file.Length;)
{
    // A record: length (8 bytes), its checksum (4), the event, its checksum (4). An event's first field is wall_time, tag 9, a double.
    int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
    times.Add(BinaryPrimitives.ReadDoubleLittleEndian(file.AsSpan(at + 13)));
    at += 16 + length;
}

long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
Console.WriteLine($"now {now}; version record {times[0]:0}; name {Path.GetFileName(path).Split('.')[3]}");
Console.WriteLine($"20 scalars in 2 seconds have {times[1..].Distinct().Count()} different times, {times[1]:0.000} to {times[^1]:0.000}");
return times[0] > 6e17 && times.Count == 21 && times[1..].All(one => one == Math.Floor(one) && Math.Abs(one - now) < 60) ? 0 : 1;
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
    echo "as found: the version record counts ticks, the scalars' times are whole seconds"
else
    echo "changed: expected that the version record counted ticks and the scalars' times were whole seconds"
    exit 1
fi
