#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: SoftMax is NaN for logits above 88 or all below -104, in double above 709.
#
# Guess: the largest logit is subtracted first, as in every framework, so that SoftMax of 1000 1001 is 0.2689 0.7311.
# Found: the exponentials are taken as they are, so they overflow to infinity (NaN for that element, 0 for the others) or are all 0 (NaN).
# With a mask of -1e9 on all elements the result is NaN, too. Networks in training reach logits of 90; the class or token that is drawn
# from NaN depends on the caller.
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
float[] ordinary = Print(0, 1), large = Print(1000, 1001), small = Print(-200, -201), mixed = Print(0, 90), subtracted = Print(-1, 0);
double[] doubles = new double[2];
TensorPrimitives.SoftMax<double>([1000, 1001], doubles);
Console.WriteLine($"double, 1000 1001: {doubles[0]:0.0000} {doubles[1]:0.0000}");
return ordinary.SequenceEqual(subtracted) && Math.Abs(ordinary[1] - 0.7311f) < 1e-4 && large.All(float.IsNaN) && small.All(float.IsNaN)
    && mixed[0] == 0 && float.IsNaN(mixed[1]) && doubles.All(double.IsNaN) ? 0 : 1;

static float[] Print(float first, float second)
{
    float[] result = new float[2];
    TensorPrimitives.SoftMax<float>([first, second], result);
    Console.WriteLine($"{first} {second}: {result[0]:0.0000} {result[1]:0.0000}");
    return result;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: large and small logits give NaN"
else
    echo "changed: expected NaN for 1000 1001, for -200 -201 and for 90"
    exit 1
fi
