#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: MaxNumber, MinNumber and MaxMagnitudeNumber of a span with a NaN are NaN.
#
# Guess: they leave NaN out, as their name, their documentation (IEEE 754's maximumNumber) and float.MaxNumber say: the largest of
# 0 NaN 2 is 2.
# Found: over a span the first NaN is returned, as by Max. The element-wise overloads, with two spans, do leave NaN out. A range that was
# to skip missing values is NaN, and so is all that it scales.
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
bool asFound = float.MaxNumber(1, float.NaN) == 1;
foreach (int length in new[] { 3, 100 })
{
    float[] values = [.. Enumerable.Range(0, length).Select(i => i == 1 ? float.NaN : i)];
    float most = TensorPrimitives.MaxNumber<float>(values), least = TensorPrimitives.MinNumber<float>(values);
    float magnitude = TensorPrimitives.MaxMagnitudeNumber<float>(values);
    float[] pairs = new float[length];
    TensorPrimitives.MaxNumber<float>(values, new float[length], pairs);
    Console.WriteLine($"0 NaN 2 to {length - 1}: MaxNumber {most}, MinNumber {least}, MaxMagnitudeNumber {magnitude}; of NaN and 0, element-wise: {pairs[1]}");
    asFound &= float.IsNaN(most) && float.IsNaN(least) && float.IsNaN(magnitude) && pairs[1] == 0;
}

Console.WriteLine($"float.MaxNumber(1, NaN): {float.MaxNumber(1, float.NaN)}");
return asFound ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: NaN is returned"
else
    echo "changed: expected NaN of spans and numbers of pairs"
    exit 1
fi
