#!/usr/bin/env bash
# ONNX Runtime 1.31.1: in recurrent nodes ThresholdedRelu has the threshold 0, and Affine and ScaledTanh return only zeros.
#
# Guess: without activation_alpha and activation_beta an activation has the defaults of the ONNX operator of its name, as the description
# of the LSTM operator says: ThresholdedRelu the threshold 1; Affine and ScaledTanh the identity and tanh.
# Found: LeakyRelu, Elu and HardSigmoid have those defaults; for ThresholdedRelu, Affine and ScaledTanh both numbers are 0. So
# ThresholdedRelu is Relu, and the other two make a network whose every output is 0. Nothing is reported when the model is loaded.
# The operators: https://onnx.ai/onnx/operators/onnx__RNN.html, https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
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
float[] thresholded = Run("ThresholdedRelu"), affine = Run("Affine"), scaled = Run("ScaledTanh");
float[] leaky = Run("LeakyRelu"), hard = Run("HardSigmoid"), tanh = Run("Tanh");
return thresholded is [0, 0.5f, 2] && affine is [0, 0, 0] && scaled is [0, 0, 0] && Math.Abs(leaky[0] + 0.01f) < 1e-6
    && Math.Abs(hard[1] - 0.6f) < 1e-6 && tanh[2] > 0.9f ? 0 : 1;

// A recurrent node that passes its input to the activation: one step of three rows with the inputs -1, 0.5 and 2.
static float[] Run(string activation)
{
    string[] inputs = ["X", "W", "R"];
    using var session = new InferenceSession(Model.Of("RNN", inputs, ["Y"], inputs.ToDictionary(one => one, _ => 1),
        Model.Attribute("hidden_size", 1), Model.Attribute("activations", [activation])));
    using var results = session.Run(
    [
        NamedOnnxValue.CreateFromTensor("X", new DenseTensor<float>(new[] { -1, 0.5f, 2 }, [1, 3, 1])),
        NamedOnnxValue.CreateFromTensor("W", new DenseTensor<float>(new[] { 1f }, [1, 1, 1])),
        NamedOnnxValue.CreateFromTensor("R", new DenseTensor<float>(new[] { 0f }, [1, 1, 1])),
    ]);
    float[] output = [.. results[0].AsTensor<float>()];
    Console.WriteLine($"{activation} of -1 0.5 2: {string.Join(" ", output)}");
    return output;
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

    public static byte[] Attribute(string name, long value) => Join(Text(1, name), Number(3, value), Number(20, 2));

    public static byte[] Attribute(string name, params string[] values) =>
        Join(Text(1, name), Join([.. values.Select(one => Text(9, one))]), Number(20, 8));

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
    echo "as found: three activations have 0 for their missing numbers"
else
    echo "changed: expected Relu of ThresholdedRelu and zeros of Affine and ScaledTanh"
    exit 1
fi
