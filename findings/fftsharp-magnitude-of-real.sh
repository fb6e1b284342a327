#!/usr/bin/env bash
# FftSharp 2.2.0: Magnitude and Power of a ForwardReal spectrum have half of its bins and twice its amplitudes.
#
# Guess: Magnitude(ForwardReal(x)) is Magnitude(Forward(x)): 33 bins of 64 samples and 1 for a sine of amplitude 1; the spectrum of real
# samples is what most callers have.
# Found: 17 bins and 1.94. Magnitude takes the length of what it gets for the number of samples: it halves 33 bins once more and divides by
# 33 instead of 64. Everything above a quarter of the sample rate is missing, without an error, and levels are 5.8 dB too high.
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
using FftSharp;

double[] samples = [.. Enumerable.Range(0, 64).Select(i => 2 * Math.PI * i / 64).Select(t => Math.Sin(5 * t) + Math.Sin(25 * t))];
double[] whole = FFT.Magnitude(FFT.Forward(samples)), real = FFT.Magnitude(FFT.ForwardReal(samples));
Console.WriteLine($".NET {Environment.Version}, FftSharp 2.2.0, 64 samples, sines of amplitude 1 at bins 5 and 25");
Console.WriteLine($"Magnitude(Forward): {whole.Length} bins, {whole[5]:0.000} at 5, {whole[25]:0.000} at 25");
Console.WriteLine($"Magnitude(ForwardReal): {real.Length} bins of {FFT.ForwardReal(samples).Length}, {real[5]:0.000} at 5");
return whole.Length == 33 && Math.Abs(whole[5] - 1) < 1e-9 && real.Length == 17 && Math.Abs(real[5] - 64.0 / 33) < 1e-9 ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: 17 bins, amplitudes of 1.94"
else
    echo "changed: expected 17 bins and 1.939 from ForwardReal"
    exit 1
fi
