#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: Tanh, Sinh, Exp2 and Exp10 of one number depend on how many numbers stand next to it.
#
# Guess: an element-wise function gives one number for one number, whether the span has one element or sixteen: the same bits, or the last
# one off.
# Found: spans that fill a vector register take other formulas. Tanh(1e-8) is 1e-8 alone and -0 in sixteen, Sinh(1e-8) is 6e-8 there;
# Exp2(10) is 1024 alone and 1024.0001 in sixteen, Exp10(3) 1000 and 1000.0002. So one row of a batch gives other results than the
# batch, small activations vanish, and a test on three elements says nothing of a layer's width.
#
# Needs: x64 with vector registers of 256 bits, .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
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
(float Alone, float Among) tanh = Compare("Tanh", 1e-8f, (x, y) => TensorPrimitives.Tanh<float>(x, y));
(float Alone, float Among) sinh = Compare("Sinh", 1e-8f, (x, y) => TensorPrimitives.Sinh<float>(x, y));
(float Alone, float Among) two = Compare("Exp2", 10, (x, y) => TensorPrimitives.Exp2<float>(x, y));
(float Alone, float Among) ten = Compare("Exp10", 3, (x, y) => TensorPrimitives.Exp10<float>(x, y));
(float Alone, float Among) exp = Compare("Exp", 1, (x, y) => TensorPrimitives.Exp<float>(x, y));
return tanh == (1e-8f, 0) && sinh.Alone == 1e-8f && sinh.Among > 5e-8f && two.Alone == 1024 && two.Among > 1024 && ten.Alone == 1000 && ten.Among > 1000
    && Math.Abs(exp.Alone - exp.Among) < 1e-6 ? 0 : 1;

static (float Alone, float Among) Compare(string name, float value, Action<float[], float[]> function)
{
    float[] alone = new float[1], among = new float[16];
    function([value], alone);
    function([.. Enumerable.Repeat(value, 16)], among);
    Console.WriteLine($"{name}({value}): {alone[0]:R} alone, {among[0]:R} among sixteen");
    return (alone[0], among[0]);
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: values depend on the span's length"
else
    echo "changed: expected 1e-8 and 0 for Tanh, 1e-8 and 6e-8 for Sinh, exact and inexact powers"
    exit 1
fi
