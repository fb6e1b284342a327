#!/usr/bin/env bash
# TorchSharp 0.107.0 (libtorch 2.10.0): LSTMCell cannot be called without a state, although it is optional; GRUCell and RNNCell can.
#
# Guess: as in PyTorch, a cell that is called with the input alone begins with a state of zeros.
# Found: LSTMCell throws, of a batch "Input batch size 2 doesn't match hidden0 batch size 0"; with explicit zeros it computes. GRUCell and
# RNNCell begin with zeros. A row without a batch is refused by all three without a state, and nn.LSTM, GRU and RNN refuse [time, features]
# with or without one: "input must have 3 dimensions, got 2", which PyTorch takes since 1.11.
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
var batch = rand(2, 3);
string lstm = Outcome(() => nn.LSTMCell(3, 4).call(batch).Item1);
string zeroed = Outcome(() => nn.LSTMCell(3, 4).call(batch, (zeros(2, 4), zeros(2, 4))).Item1);
string gru = Outcome(() => nn.GRUCell(3, 4).forward(batch, null!)), rnn = Outcome(() => nn.RNNCell(3, 4).forward(batch, null!));
string sequence = Outcome(() => nn.LSTM(3, 4).call(batch).Item1);
Console.WriteLine($"LSTMCell without a state: {lstm}");
Console.WriteLine($"LSTMCell with zeros:      {zeroed}");
Console.WriteLine($"GRUCell without a state:  {gru}");
Console.WriteLine($"RNNCell without a state:  {rnn}");
Console.WriteLine($"LSTM of [time, features]: {sequence}");
return lstm.Contains("hidden0 batch size 0") && zeroed == "[2, 4]" && gru == "[2, 4]" && rnn == "[2, 4]"
    && sequence.Contains("3 dimensions") ? 0 : 1;

static string Outcome(Func<Tensor> call)
{
    try
    {
        return $"[{string.Join(", ", call().shape)}]";
    }
    catch (Exception e)
    {
        return e.Message.Split('\n')[0];
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
    echo "as found: LSTMCell needs its optional state"
else
    echo "changed: expected that LSTMCell needed its optional state"
    exit 1
fi
