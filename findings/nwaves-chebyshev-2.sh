#!/usr/bin/env bash
# NWaves 0.9.6: the Chebyshev filter of type II amplifies what lies near its cutoff, by up to 48 dB.
#
# Guess: ChebyshevII.LowPassFilter(0.1, 4, 40) never amplifies, and frequencies above the cutoff come out at least 40 dB lower.
# Found: next to the cutoff it amplifies 48 dB (250 times), and even with the default ripple 5 dB. All zeros of its numerator lie at -1, as
# a Butterworth filter's do, and not in the stopband. The filters of type I and elliptic ones with the same numbers stay below 1 dB.
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
using NWaves.Filters.Base;
using NWaves.Signals;

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
double second = Gain("type II, 40 dB", new NWaves.Filters.ChebyshevII.LowPassFilter(0.1, 4, 40));
double byDefault = Gain("type II, default ripple", new NWaves.Filters.ChebyshevII.LowPassFilter(0.1, 4));
double first = Gain("type I, 0.5 dB", new NWaves.Filters.ChebyshevI.LowPassFilter(0.1, 4, 0.5));
double elliptic = Gain("elliptic, 0.5 and 40 dB", new NWaves.Filters.Elliptic.LowPassFilter(0.1, 4, 0.5, 40));
return second > 40 && byDefault > 3 && first < 1 && elliptic < 1 ? 0 : 1;

static double Gain(string name, LtiFilter filter)
{
    var response = filter.Tf.FrequencyResponse(1024).Magnitude;
    int highest = Array.IndexOf(response, response.Max());
    double gain = 20 * Math.Log10(response[highest]);
    var numerator = filter.Tf.Numerator;
    Console.WriteLine($"{name}: highest gain {gain:0.0} dB at {0.5 * highest / (response.Length - 1):0.000} of the sampling rate; numerator over "
        + $"its first number {string.Join(" ", numerator.Select(one => $"{one / numerator[0]:0.00}"))}");
    return gain;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: a low-pass filter of type II amplifies"
else
    echo "changed: expected a gain above 40 dB of type II, and below 1 dB of the others"
    exit 1
fi
