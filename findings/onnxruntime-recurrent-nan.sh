#!/usr/bin/env bash
# ONNX Runtime 1.31.1: a NaN in the inputs of LSTM or GRU gives plausible numbers where the node has a bias, be it of zeros.
#
# Guess: what is not a number makes the outputs and the state of its row NaN, as in PyTorch, so that a missing value cannot be overlooked.
# Found: without a bias it does. With one, sums are clipped when the bias is added, and NaN becomes the upper bound: the gates are those of
# a huge input, outputs and state are finite, and all later steps continue from that state. RNN returns NaN either way.
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
bool expected = true;
foreach (var (node, gates) in new[] { ("LSTM", 4), ("GRU", 3), ("RNN", 1) })
{
    float[] without = Run(node, gates, float.NaN, hasBias: false), with = Run(node, gates, float.NaN, hasBias: true);
    float[] huge = Run(node, gates, 1e6f, hasBias: true);
    expected &= without[1..].All(float.IsNaN) && (node == "RNN" ? with[1..].All(float.IsNaN) : with.SequenceEqual(huge));
}

return expected ? 0 : 1;

// One row of the inputs 1, x, 1, 1; the weights are 0.5 and 0.1, the bias is 0.
static float[] Run(string node, int gates, float x, bool hasBias)
{
    string[] inputs = ["X", "W", "R", .. hasBias ? ["B"] : Array.Empty<string>()];
    using var session = new InferenceSession(
        Model.Of(node, inputs, ["Y"], inputs.ToDictionary(one => one, _ => 1), Model.Attribute("hidden_size", 1)));
    List<NamedOnnxValue> values = [Tensor("X", [1, x, 1, 1], 4, 1, 1), Tensor("W", Filled(gates, 0.5f), 1, gates, 1)];
    values.Add(Tensor("R", Filled(gates, 0.1f), 1, gates, 1));
    if (hasBias)
        values.Add(Tensor("B", Filled(2 * gates, 0), 1, 2 * gates));
    using var results = session.Run(values);
    float[] output = [.. results[0].AsTensor<float>()];
    Console.WriteLine(
        $"{node} of 1 {x} 1 1, {(hasBias ? "bias of zeros" : "no bias")}: {string.Join(" ", output.Select(one => $"{one:0.0000}"))}");
    return output;
}

static float[] Filled(int count, float value) => [.. Enumerable.Repeat(value, count)];

static NamedOnnxValue Tensor(string name, float[] values, params int[] shape) =>
    NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, shape));

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

    public static byte[] Attribute(string name, long value) => Join(Text(1, name), Number(3, value), Number(20, 2));

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
    echo "as found: with a bias a NaN is read as a huge number by LSTM and GRU"
else
    echo "changed: expected NaN from LSTM and GRU without a bias, and the outputs of a huge input with one"
    exit 1
fi
