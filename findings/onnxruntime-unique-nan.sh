#!/usr/bin/env bash
# ONNX Runtime 1.31.1: Unique takes NaN for the number next to it: it is not among the results, and is counted as an ordinary value.
#
# Guess: NaN is different from every number, so that each NaN is a value of its own, or all are one, as in NumPy.
# Found: NaN compares neither less nor greater in the sorted map that collects the values, and ends as whichever number is met: no NaN is
# returned, the counts of ordinary numbers are too large, and the inverse indices restore a number where NaN was. Nothing is reported.
# The operator: https://onnx.ai/onnx/operators/onnx__Unique.html
#
# Needs: Linux x64, .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
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
    <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.31.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

Console.WriteLine($".NET {Environment.Version}, ONNX Runtime {OrtEnv.Instance().GetVersionString()}");
float[] numbers = [2, float.NaN, 1, float.NaN, 7, 7];
using var session = new InferenceSession(
    Model.Of("Unique", ["x"], ["values", "first", "inverse", "counts"],
        new() { ["x"] = 1, ["values"] = 1, ["first"] = 7, ["inverse"] = 7, ["counts"] = 7 }));
using var results = session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(numbers, [numbers.Length]))]);
float[] values = [.. results[0].AsTensor<float>()];
long[] inverse = [.. results[2].AsTensor<long>()], counts = [.. results[3].AsTensor<long>()];
float[] restored = [.. inverse.Select(place => values[place])];
Console.WriteLine($"Unique of {string.Join(" ", numbers)}: values {string.Join(" ", values)}, counts {string.Join(" ", counts)}");
Console.WriteLine($"restored by the inverse indices: {string.Join(" ", restored)}");
return !values.Any(float.IsNaN) && counts.Sum() == 6 && !restored.Any(float.IsNaN) ? 0 : 1;

// The few messages of the ONNX format that a model of one node needs.
static class Model
{
    private const int Ir = 8, Opset = 14;

    public static byte[] Of(string node, string[] inputs, string[] outputs, Dictionary<string, int> types, params byte[][] attributes) => Join(
        Number(1, Ir),
        Bytes(7, Join(
            Bytes(1, Join([.. inputs.Select(one => Text(1, one)), .. outputs.Select(one => Text(2, one)), Text(4, node),
                .. attributes.Select(one => Bytes(5, one))])),
            Text(2, "graph"),
            Join([.. inputs.Where(one => one != "").Select(one => Bytes(11, Value(one, types[one])))]),
            Join([.. outputs.Select(one => Bytes(12, Value(one, types[one])))]))),
        Bytes(8, Join(Text(1, ""), Number(2, Opset))));

    private static byte[] Value(string name, int type) => Join(Text(1, name), Bytes(2, Bytes(1, Number(1, type))));

    private static byte[] Number(int field, long value) => Join(Varint(field << 3), Varint(value));

    private static byte[] Text(int field, string value) => Bytes(field, System.Text.Encoding.UTF8.GetBytes(value));

    private static byte[] Bytes(int field, byte[] value) => Join(Varint(field << 3 | 2), Varint(value.Length), value);

    private static byte[] Varint(long value) => value < 128 ? [(byte)value] : [(byte)(value & 127 | 128), .. Varint(value >> 7)];

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(one => one)];
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: NaN is counted as another number"
else
    echo "changed: expected results without NaN that count it as other numbers"
    exit 1
fi
