#!/usr/bin/env bash
# TorchSharp 0.107.0: a ModuleList or ModuleDict has no parameters itself, and layers that are added later belong to no model.
#
# Guess: list.parameters() gives those of all layers, list.eval() reaches them, and a layer that is appended is trained, saved and set to
# eval with its owner, as in PyTorch and in TorchSharp's Sequential.
# Found: the list alone has 0 parameters and an empty state_dict, and eval leaves its layers in training. The owner's RegisterComponents
# takes what is in the list at that moment; a layer that is added afterwards is not trained, not saved, and keeps its dropout in eval,
# while forward uses it. Nothing throws: a network that grows, or an optimizer made of list.parameters(), trains a part or nothing.
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
var list = nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(1, 1), nn.Linear(1, 1));
list.eval();
var dictionary = nn.ModuleDict<nn.Module<Tensor, Tensor>>(("head", nn.Linear(1, 1)));
var sequential = nn.Sequential(nn.Linear(1, 1));
sequential.append(nn.Linear(1, 1));
sequential.eval();
int inList = list.parameters().Count(), inState = list.state_dict().Count, inDictionary = dictionary.parameters().Count();
int training = list.Count(layer => layer.training), inSequential = sequential.parameters().Count();
Console.WriteLine($"ModuleList of 2 linear layers: parameters {inList}, in state_dict {inState}, still training after eval {training}");
Console.WriteLine($"ModuleDict of 1: parameters {inDictionary}; Sequential with an appended second: parameters {inSequential}");

var model = new Model();
model.Grow();
model.eval();
string names = string.Join(" ", model.named_parameters().Select(one => one.name));
string modes = string.Join(" ", model.Modes);
Console.WriteLine($"model of 1 layer that grew to 2: parameters {names}, state_dict {model.state_dict().Count}; training after eval: {modes}");
return (inList, inState, inDictionary, training, inSequential) == (0, 0, 0, 2, 4) && names == "layers.0.weight layers.0.bias"
    && modes == "False True" ? 0 : 1;

internal sealed class Model : nn.Module<Tensor, Tensor>
{
    private readonly ModuleList<nn.Module<Tensor, Tensor>> layers = nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(1, 1));

    public Model()
        : base("model")
    {
        RegisterComponents();
    }

    public IEnumerable<bool> Modes => layers.Select(layer => layer.training);

    public void Grow() => layers.Add(nn.Linear(1, 1));

    public override Tensor forward(Tensor input) => layers.Aggregate(input, (value, layer) => layer.call(value));
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
    echo "as found: lists have no parameters, and later layers are in no model"
else
    echo "changed: expected no parameters of lists and none of a layer that was added later"
    exit 1
fi
