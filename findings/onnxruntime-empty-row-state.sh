#!/usr/bin/env bash
# ONNX Runtime 1.31.1: a row whose sequence has no steps leaves LSTM, GRU and RNN with a state of zeros, not with its initial state.
#
# Guess: a row with the length 0 in sequence_lens is not touched: its final state is the initial state that was given, as the state of a
# row with one step is the one after that step.
# Found: Y_h and Y_c of that row are 0 whatever initial_h and initial_c are. Streams of unlike lengths that are served chunk by chunk,
# where a stream has no data in one chunk, lose their state without an error; the next chunk continues from zeros and looks plausible.
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
bool lstm = Run("LSTM", 4), gru = Run("GRU", 3), rnn = Run("RNN", 1);
return lstm && gru && rnn ? 0 : 1;

// Three rows of at most two steps with the lengths 2, 1 and 0; weights and inputs are 0, the initial states 0.8.
static bool Run(string node, int gates)
{
    string[] inputs = ["X", "W", "R", "", "lengths", "h", .. node == "LSTM" ? ["c"] : Array.Empty<string>()];
    string[] outputs = ["Y", "Y_h", .. node == "LSTM" ? ["Y_c"] : Array.Empty<string>()];
    var types = inputs.Where(one => one != "").ToDictionary(one => one, one => one == "lengths" ? 6 : 1);
    using var session = new InferenceSession(Model.Of(node, inputs, outputs, types, Model.Attribute("hidden_size", 1)));
    var values = new List<NamedOnnxValue>
    {
        Zeros("X", 2, 3, 1), Zeros("W", 1, gates, 1), Zeros("R", 1, gates, 1),
        NamedOnnxValue.CreateFromTensor("lengths", new DenseTensor<int>(new[] { 2, 1, 0 }, [3])), State("h"),
    };
    if (node == "LSTM")
    {
        values.Add(State("c"));
    }

    using var results = session.Run(values);
    bool zero = true;
    foreach (var result in results.Skip(1))
    {
        float[] state = [.. result.AsTensor<float>()];
        Console.WriteLine($"{node}, {result.Name} of rows with 2, 1 and 0 steps from 0.8: {string.Join(" ", state.Select(one => $"{one:0.000}"))}");
        zero &= state[2] == 0;
    }

    return zero;
}

static NamedOnnxValue Zeros(string name, params int[] shape) =>
    NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(shape));

static NamedOnnxValue State(string name) =>
    NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(new[] { 0.8f, 0.8f, 0.8f }, [1, 3, 1]));

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
    echo "as found: the state of a row without steps is 0"
else
    echo "changed: expected states of 0 for the row without steps"
    exit 1
fi
