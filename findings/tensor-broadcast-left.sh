#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: a tensor plus a column (or a row of its rank) gives a result of the column's shape, with wrong numbers.
#
# Guess: Tensor.Add of [3, 4] and [3, 1] broadcasts the column over the four columns, as in NumPy; the operands' order does not matter.
# Found: where both have the same rank, the result takes the shape of the second operand and pairs the first elements in memory: [3, 1]
# with 10 21 32. The same call with the operands exchanged gives all twelve numbers. A vector without the leading dimension, and
# Tensor.Broadcast before the call, work. A bias or a mean of rows that is subtracted cuts the data down without an error.
#
# Needs: .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
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
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="System.Numerics.Tensors" Version="10.0.15" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Numerics.Tensors;

Console.WriteLine($".NET {Environment.Version}, System.Numerics.Tensors 10.0.15");
var data = Tensor.Create<float>(Enumerable.Range(0, 12).Select(i => (float)i).ToArray(), [3, 4]);
var column = Tensor.Create<float>([10, 20, 30], [3, 1]);
var row = Tensor.Create<float>([10, 20, 30, 40], [1, 4]);
var vector = Tensor.Create<float>([10, 20, 30, 40], [4]);
const string WithColumn = "10 11 12 13 24 25 26 27 38 39 40 41", WithRow = "10 21 32 43 14 25 36 47 18 29 40 51";
string[] wrong =
[
    Text("[3, 4] + [3, 1]", Tensor.Add<float>(data, column)),
    Text("[3, 4] - [3, 1]", Tensor.Subtract<float>(data, column)),
    Text("[3, 4] + [1, 4]", Tensor.Add<float>(data, row)),
    Text("[3, 1] + [1, 4]", Tensor.Add<float>(column, row)),
];
string[] right =
[
    Text("[3, 1] + [3, 4]", Tensor.Add<float>(column, data)),
    Text("[3, 4] + broadcast column", Tensor.Add<float>(data, Tensor.Broadcast<float>(column, [3, 4]))),
    Text("[3, 4] + [4]", Tensor.Add<float>(data, vector)),
];
return wrong is ["10 21 32", "-10 -19 -28", "10 21 32 43", "20 30 40 50"] && right is [WithColumn, WithColumn, WithRow] ? 0 : 1;

static string Text(string name, Tensor<float> tensor)
{
    float[] values = new float[tensor.FlattenedLength];
    tensor.FlattenTo(values);
    string text = string.Join(" ", values);
    Console.WriteLine($"{name}: shape {string.Join(" x ", tensor.Lengths.ToArray())}, {text}");
    return text;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the second operand's shape cuts the result down"
else
    echo "changed: expected cut results where the second operand has the length 1, and right ones otherwise"
    exit 1
fi
