#!/usr/bin/env bash
# NWaves 0.9.6: Welch's periodogram doubles the power of the mean and counts a half-empty last frame.
#
# Guess: as SciPy's welch with scaling='spectrum', it gives 1 at frequency 0 for a signal that is 1 everywhere, and 0.5 for a sine.
# Found: 1.8125 and 0.453. A frame that reaches beyond the end is padded with zeros and averaged with the others (here 7.25 of 8), and the
# one-sided doubling includes frequency 0 and the highest one, which have no mirror image. Power features of short signals are
# biased by the ratio of length to hop.
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
using NWaves.Operations;
using NWaves.Signals;
using NWaves.Windows;

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
double constant = Power("constant 1", _ => 1, 0), sine = Power("sine of amplitude 1", i => Math.Cos(2 * Math.PI * i * 32 / 256), 32);
double highest = Power("1, -1, 1, -1", i => i % 2 == 0 ? 1 : -1, 128);
return Math.Abs(constant - 1.8125) < 1e-3 && Math.Abs(sine - 0.453125) < 1e-3 && Math.Abs(highest - 1.8125) < 1e-3 ? 0 : 1;

static double Power(string name, Func<int, double> value, int bin)
{
    var signal = new DiscreteSignal(1000, [.. Enumerable.Range(0, 1024).Select(i => (float)value(i))]);
    double power = Operation.Welch(signal, 256, 128, WindowType.Rectangular)[bin];
    Console.WriteLine($"{name}, 1,024 samples in frames of 256 every 128: power {power:0.0000} at bin {bin}");
    return power;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: 1.8125 for a constant, 0.4531 for a sine"
else
    echo "changed: expected 1.8125, 0.4531 and 1.8125"
    exit 1
fi
