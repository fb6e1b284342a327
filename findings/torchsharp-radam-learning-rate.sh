#!/usr/bin/env bash
# TorchSharp 0.107.0: RAdam multiplies the update by the learning rate twice, from the sixth step.
#
# Guess: with a constant gradient a tenth of the learning rate gives a tenth of the update, as RAdam's paper (arXiv:1908.03265,
# algorithm 2) and PyTorch have it.
# Found: true for the first five steps, which use momentum alone. From the sixth, where the rectified adaptive rate begins, a tenth of
# the rate gives a hundredth of the update: with the usual 0.001 training all but stops. Adam, on the same gradients, keeps the tenth.
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
double[] large = Updates(p => optim.RAdam([p], lr: 0.1)), small = Updates(p => optim.RAdam([p], lr: 0.01));
double[] adamLarge = Updates(p => optim.Adam([p], lr: 0.1)), adamSmall = Updates(p => optim.Adam([p], lr: 0.01));
double[] ratios = [.. large.Zip(small, (one, other) => one / other)], adam = [.. adamLarge.Zip(adamSmall, (one, other) => one / other)];
Console.WriteLine("update with a rate of 0.1 divided by that with 0.01, steps 1 to 8, gradient 1");
Console.WriteLine($"  RAdam: {string.Join(" ", ratios.Select(one => $"{one:0.00}"))}");
Console.WriteLine($"  Adam:  {string.Join(" ", adam.Select(one => $"{one:0.00}"))}");
return ratios[..5].All(one => Math.Abs(one - 10) < 0.01) && ratios[5..].All(one => Math.Abs(one - 100) < 0.1)
    && adam.All(one => Math.Abs(one - 10) < 0.01) ? 0 : 1;

static double[] Updates(Func<Parameter, optim.Optimizer> create)
{
    var parameter = new Parameter(tensor(new[] { 0.0 }));
    var optimizer = create(parameter);
    var updates = new double[8];
    for (int step = 0; step < updates.Length; step++)
    {
        double before = parameter.data<double>()[0];
        optimizer.zero_grad();
        parameter.sum().backward();
        optimizer.step();
        updates[step] = before - parameter.data<double>()[0];
    }

    return updates;
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
    echo "as found: from the sixth step RAdam's updates go with the square of the learning rate"
else
    echo "changed: expected that RAdam's updates went with the square of the rate from the sixth step"
    exit 1
fi
