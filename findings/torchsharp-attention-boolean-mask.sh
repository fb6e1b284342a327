#!/usr/bin/env bash
# TorchSharp 0.107.0: a boolean attn_mask of MultiheadAttention lets through what it is to exclude, and more of it.
#
# Guess: True in attn_mask excludes a position, as in PyTorch, so that a causal mask keeps a step from looking at later ones.
# Found: libtorch's module adds the mask to the scores, and True becomes 1: positions that are to be excluded are attended to 2.7 times as
# much as without a mask. A mask of 0 and minus infinity works, and so does a boolean key_padding_mask. A causal model trains on the future
# without an error, shows a loss that is too good, and fails when it has to predict.
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
random.manual_seed(1);
const int Steps = 4, Width = 8;
var steps = rand(Steps, 1, Width);
var attention = nn.MultiheadAttention(Width, 1);
attention.eval();
var later = ones(Steps, Steps, ScalarType.Bool).triu(1);
var numbers = zeros(Steps, Steps).masked_fill(later, float.NegativeInfinity);
float[] none = Print("no mask", null), boolean = Print("boolean mask", later), minus = Print("0 and minus infinity", numbers);

// The last step changes; the first one must not notice.
var changed = steps.clone();
changed[Steps - 1] = zeros(1, Width);
float leak = Change(later), kept = Change(numbers);
Console.WriteLine($"output of the first step changes with the last input by {leak:0.0000}, with minus infinity by {kept:0.0000}");
float odds = boolean[1] / boolean[0] / (none[1] / none[0]);
Console.WriteLine($"odds of the second position against the first: {odds:0.000} times those without a mask");
return boolean[3] > 0.1 && Math.Abs(odds - MathF.E) < 1e-3 && minus is [1, 0, 0, 0] && leak > 1e-4 && kept == 0 ? 0 : 1;

// Weights of the first step.
float[] Print(string name, Tensor? mask)
{
    float[] weights = attention.call(steps, steps, steps, attn_mask: mask).Item2[0, 0].data<float>().ToArray();
    Console.WriteLine($"{name}: the first step attends to {string.Join(" ", weights.Select(one => $"{one:0.000}"))}");
    return weights;
}

float Change(Tensor mask) => (attention.call(steps, steps, steps, attn_mask: mask).Item1[0]
    - attention.call(changed, changed, changed, attn_mask: mask).Item1[0]).abs().max().item<float>();
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
    echo "as found: masked positions are attended to"
else
    echo "changed: expected that a boolean mask added 1 to the scores"
    exit 1
fi
