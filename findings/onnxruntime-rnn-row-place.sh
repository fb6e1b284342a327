#!/usr/bin/env bash
# ONNX Runtime 1.31.1: a row's outputs of RNN depend on the other rows of the batch, and on how many steps a call has.
#
# Guess: rows of a batch are independent, so that a stream has the same numbers alone and among others, and step by step what it has in one
# call, as LSTM and GRU with constant weights have.
# Found: RNN differs in about a quarter of the outputs, by up to 2.4e-7: alone from in a batch of 8, and one step a call from 200 a call
# (2 or 50 a call do not differ from 200). Answers that are compared, cached or replayed by their bytes must be computed in one way.
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

const int Steps = 200, Inputs = 8, Units = 64;
Console.WriteLine($".NET {Environment.Version}, ONNX Runtime {OrtEnv.Instance().GetVersionString()}");
var random = new Random(1);
float[] weights = Drawn(Units * Inputs, 0.125f), recurrent = Drawn(Units * Units, 0.125f), alone = Drawn(Steps * Inputs, 1);
float[] many = Drawn(Steps * 8 * Inputs, 1);
for (int t = 0; t < Steps; t++)
    alone.AsSpan(t * Inputs, Inputs).CopyTo(many.AsSpan(t * 8 * Inputs));
string[] inputs = ["X", "W", "R", "", "", "h"];
using var options = new SessionOptions { IntraOpNumThreads = 1 };
using var session = new InferenceSession(Model.Of("RNN", inputs, ["Y", "Y_h"], inputs.Where(one => one != "").ToDictionary(one => one, _ => 1),
    Model.Attribute("hidden_size", Units)), options);

float[] whole = Run(alone, 1, Steps);
int batch = Differ("in a batch of 8", [.. Run(many, 8, Steps).Chunk(8 * Units).SelectMany(step => step.Take(Units))]);
int single = Differ("in calls of 1 step", Run(alone, 1, 1)), pairs = Differ("in calls of 2 steps", Run(alone, 1, 2));
int chunks = Differ("in calls of 50 steps", Run(alone, 1, 50));
return batch > 1000 && single > 1000 && pairs == 0 && chunks == 0 ? 0 : 1;

int Differ(string what, float[] outputs)
{
    int count = outputs.Zip(whole).Count(pair => pair.First != pair.Second);
    double most = outputs.Zip(whole).Max(pair => Math.Abs(pair.First - (double)pair.Second));
    Console.WriteLine($"RNN alone in one call, and {what}: {count} of {whole.Length} outputs differ, by at most {most:E1}");
    return count;
}

float[] Run(float[] rows, int batch, int steps)
{
    float[] state = new float[batch * Units];
    var outputs = new List<float>();
    foreach (float[] part in rows.Chunk(steps * batch * Inputs))
    {
        using var results = session.Run(
        [
            Tensor("X", part, steps, batch, Inputs), Tensor("W", weights, 1, Units, Inputs), Tensor("R", recurrent, 1, Units, Units),
            Tensor("h", state, 1, batch, Units),
        ]);
        outputs.AddRange(results[0].AsTensor<float>());
        state = [.. results[1].AsTensor<float>()];
    }

    return [.. outputs];
}

float[] Drawn(int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => scale * (2 * random.NextSingle() - 1))];

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
    echo "as found: a row's outputs of RNN depend on the batch and on calls of one step"
else
    echo "changed: expected differences in a batch and in calls of one step, none in calls of 2 and 50"
    exit 1
fi
