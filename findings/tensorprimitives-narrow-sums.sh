#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: sums and averages of Half stop at 2,048, averages of bytes wrap around.
#
# Guess: Half values are summed in single precision and rounded at the end, as PyTorch and NumPy's mean do; the average of two bytes of 200
# is 200.
# Found: every partial sum is rounded to Half, so the sum and the dot product of 10,000 ones are 2048, their average 0.2048, and the norm of
# ten values of 300 is infinity. Average<byte> sums in bytes: 72 for 200 and 200; Average<int> of two largest integers is -1.
# Mean and deviation of a half-precision feature or of pixels are wrong without an error.
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
Half[] ones = [.. Enumerable.Repeat((Half)1, 10_000)], hundreds = [.. Enumerable.Repeat((Half)300, 10)];
float sum = (float)TensorPrimitives.Sum<Half>(ones), dot = (float)TensorPrimitives.Dot<Half>(ones, ones);
float average = (float)TensorPrimitives.Average<Half>(ones), norm = (float)TensorPrimitives.Norm<Half>(hundreds);
float wanted = TensorPrimitives.Norm<float>([.. hundreds.Select(one => (float)one)]);
Console.WriteLine($"10,000 ones of Half: sum {sum}, dot product {dot}, average {average:0.0000}");
Console.WriteLine($"ten 300 of Half: norm {norm}; in single precision {wanted:0.0}");
byte bytes = TensorPrimitives.Average<byte>([200, 200]);
int integers = TensorPrimitives.Average<int>([int.MaxValue, int.MaxValue]);
Console.WriteLine($"average of the bytes 200 and 200: {bytes}; of two largest integers: {integers}");
return sum == 2048 && dot == 2048 && average < 0.21 && float.IsPositiveInfinity(norm) && wanted < 1000 && bytes == 72 && integers == -1 ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: sums are kept in the narrow type"
else
    echo "changed: expected 2048, infinity, 72 and -1"
    exit 1
fi
