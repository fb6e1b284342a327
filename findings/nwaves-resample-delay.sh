#!/usr/bin/env bash
# NWaves 0.9.6: resampling to a lower rate delays the signal by half the length of its filter; to a higher rate it does not.
#
# Guess: Operation.Resample keeps every event at its time, whatever the two rates are: a pulse after 100 ms lies after 100 ms in the result.
# Found: upwards it does. Downwards the pulse comes 3.125 ms late, which is 50 samples of 16,000 Hz, and the last 3.125 ms are cut off so that
# the length looks right. Labels by time, or channels that were resampled from different rates, then no longer fit together.
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

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
double[] late = [.. new[] { 4000, 8000, 11025, 22050, 48000 }.Select(Late)];
return late[..3].All(one => Math.Abs(one - 3.125) < 0.01) && late[3..].All(one => Math.Abs(one) < 0.01) ? 0 : 1;

// A smooth pulse in the middle of 200 ms; its place is the centre of mass.
static double Late(int rate)
{
    var pulse = new DiscreteSignal(16000, [.. Enumerable.Range(0, 3200).Select(i => (float)Math.Exp(-Math.Pow((i - 1600) / 40.0, 2)))]);
    float[] result = Operation.Resample(pulse, rate).Samples;
    double place = result.Select((one, i) => i * (double)one).Sum() / result.Sum() / rate * 1000;
    Console.WriteLine($"16000 Hz to {rate} Hz: the pulse of 100 ms lies at {place:0.000} ms, {result.Length} samples");
    return place - 100;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: downwards the pulse is 3.125 ms late, upwards it is not"
else
    echo "changed: expected a pulse that is 3.125 ms late at lower rates alone"
    exit 1
fi
