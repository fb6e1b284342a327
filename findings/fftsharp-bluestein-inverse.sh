#!/usr/bin/env bash
# FftSharp 2.2.0: Bluestein.Inverse does not divide by the length, FFT.Inverse and DFT.Inverse do.
#
# Guess: Bluestein is the transform for lengths that are no power of two: Inverse(Forward(x)) is x, as with FFT and DFT.
# Found: it is n times x. A filter that takes FFT for frames of 256 and Bluestein for the last one, of 200, makes that one 200 times louder.
# Also, FrequencyScale for odd lengths, which only Bluestein and DFT have, gives the middle frequency the wrong sign and value: 0, 0.2,
# -0.6, -0.4, -0.2 for 5 points where NumPy's fftfreq has 0, 0.2, 0.4, -0.4, -0.2.
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
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="FftSharp" Version="2.2.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Numerics;
using FftSharp;

double[] five = [1, 2, 3, 4, 5], four = [1, 2, 3, 4], scale = FFT.FrequencyScale(5, 1, positiveOnly: false);
Complex[] fast = FFT.Forward(four), any = Bluestein.Forward(five);
FFT.Inverse(fast);
Bluestein.Inverse(any);
double[] slow = Real(DFT.Inverse(DFT.Forward(five)));
Console.WriteLine($".NET {Environment.Version}, FftSharp 2.2.0, there and back");
Console.WriteLine($"FFT: {Show(Real(fast))}; DFT: {Show(slow)}; Bluestein: {Show(Real(any))}");
Console.WriteLine($"FrequencyScale(5, 1, false): {Show(scale)}");
bool right = Near(Real(fast), four) && Near(slow, five);
return right && Near(Real(any), [5, 10, 15, 20, 25]) && Near(scale, [0, 0.2, -0.6, -0.4, -0.2]) ? 0 : 1;

static double[] Real(Complex[] values) => [.. values.Select(one => one.Real)];
static string Show(double[] values) => string.Join(" ", values.Select(one => $"{one:0.##}"));
static bool Near(double[] one, double[] other) => one.Zip(other).All(pair => Math.Abs(pair.First - pair.Second) < 1e-9);
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: Bluestein returns five times the samples"
else
    echo "changed: expected 5 10 15 20 25 from Bluestein alone"
    exit 1
fi
