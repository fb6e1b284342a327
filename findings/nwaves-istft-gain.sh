#!/usr/bin/env bash
# NWaves 0.9.6: the inverse STFT is too loud where the FFT is longer than the window.
#
# Guess: Inverse(Direct(x)) gives x back wherever windows overlap enough, because the sum of squared windows is divided out.
# Found: only where the FFT is as long as the window. Otherwise the result is louder by FFT size over window size: by 1.28 for 25 ms at
# 16,000 Hz (400 samples, and 512 by default), by 2 for a window of 256 in an FFT of 512. What a network masks and turns back into sound is
# scaled, and a loss between waveforms has a constant part.
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
    <PackageReference Include="NWaves" Version="0.9.6" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using NWaves.Signals;
using NWaves.Transforms;
using NWaves.Windows;

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
double equal = Gain(256, 64, 0), longer = Gain(400, 100, 0), doubled = Gain(256, 64, 512);
return Math.Abs(equal - 1) < 1e-3 && Math.Abs(longer - 1.28) < 1e-3 && Math.Abs(doubled - 2) < 1e-3 ? 0 : 1;

static double Gain(int window, int hop, int size)
{
    var random = new Random(1);
    float[] noise = [.. Enumerable.Range(0, 4000).Select(_ => random.NextSingle() - 0.5f)];
    var transform = new Stft(window, hop, WindowType.Hann, size);
    float[] back = transform.Inverse(transform.Direct(noise));
    double product = 0, square = 0;
    for (int i = 1000; i < 2000; i++)               // far from both ends
    {
        product += noise[i] * (double)back[i];
        square += noise[i] * (double)noise[i];
    }

    double gain = product / square;
    Console.WriteLine($"window {window}, hop {hop}, FFT {(size == 0 ? "by default" : size)}: gain of there and back {gain:0.000}");
    return gain;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the gain is FFT size over window size"
else
    echo "changed: expected gains of 1, 1.28 and 2"
    exit 1
fi
