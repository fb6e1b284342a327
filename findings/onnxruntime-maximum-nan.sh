#!/usr/bin/env bash
# ONNX Runtime 1.31.1: ReduceMax, ReduceMin and MaxPool lose a NaN or keep it by its place; MaxPool of nothing but NaN is -3.4e38.
#
# Guess: as Max, Min and Clip of the same runtime, and as NumPy and PyTorch, a maximum of numbers of which one is NaN is NaN.
# Found: ReduceMax of NaN 1 is NaN and of 2 NaN is 2; with ten numbers NaN is lost at the first place, too. MaxPool of NaN 1 is 1, and of
# NaN NaN the lowest float32. A check for missing or diverged values behind such a node sees none.
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
const float nan = float.NaN;
float first = Run("ReduceMax", [nan, 1]), second = Run("ReduceMax", [2, nan]), many = Run("ReduceMax", [nan, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
float least = Run("ReduceMin", [2, nan]), pooled = Run("MaxPool", [nan, 1]), missing = Run("MaxPool", [nan, nan]);
return float.IsNaN(first) && second == 2 && many == 9 && least == 2 && pooled == 1 && missing == float.MinValue ? 0 : 1;

static float Run(string node, float[] numbers)
{
    bool isPool = node == "MaxPool";
    using var session = new InferenceSession(Model.Of(node, ["x"], ["y"], new() { ["x"] = 1 },
        isPool ? [Model.Attribute("kernel_shape", numbers.Length)] : []));
    int[] shape = isPool ? [1, 1, numbers.Length] : [numbers.Length];
    using var results = session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(numbers, shape))]);
    float result = results[0].AsTensor<float>().First();
    Console.WriteLine($"{node} of {string.Join(" ", numbers)}: {result}");
    return result;
}

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
            Join([.. outputs.Select(one => Bytes(12, Value(one, 1)))]))),
        Bytes(8, Join(Text(1, ""), Number(2, Opset))));

    // A list of one number.
    public static byte[] Attribute(string name, long value) => Join(Text(1, name), Number(8, value), Number(20, 7));

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
    echo "as found: NaN is kept or lost by its place"
else
    echo "changed: expected NaN, 2, 9, 2, 1 and the lowest float32"
    exit 1
fi
