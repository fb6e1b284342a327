#!/usr/bin/env bash
# MathNet.Numerics 5.0.0: one huge value leaves its rounding error in a moving average and deviation for ever.
#
# Guess: once a value has left the window, MovingStatistics is that of the window again, to rounding of the window's own values.
# Found: mean and variance are only added to and taken away from, so the rounding error of a huge value stays in all windows after it. After
# one value of 1e9 the deviations of windows of small numbers are 0, 1.15 or 0.001 in place of 1 to 2; after one of 1e17
# Statistics.MovingAverage is 1.5 too low from then on. A NaN, after which the window begins anew, does no such harm. One glitch of a
# sensor spoils all of a recording that follows.
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
    <PackageReference Include="MathNet.Numerics" Version="5.0.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using MathNet.Numerics.Statistics;

Console.WriteLine($".NET {Environment.Version}, MathNet.Numerics {typeof(MovingStatistics).Assembly.GetName().Version}");
double[] values = [1, 3, 2, 5, 4, 6, 3, 7, 5, 8];
double[] plain = Deviations("no glitch", values), glitch = Deviations("after 1e9", [1e9, .. values]);
double[] missing = Deviations("after NaN", [double.NaN, .. values]);
double[] average = [.. Statistics.MovingAverage([1e17, 1, 2, 3, 4], 2)];
Console.WriteLine($"moving average of 2 over 1e17 1 2 3 4: {string.Join(" ", average)}, wanted 1.5 2.5 3.5 at the end");
return glitch.Zip(plain).Count(pair => Math.Abs(pair.First - pair.Second) > 0.3) >= 5 && missing.Zip(plain).All(pair => Math.Abs(pair.First - pair.Second) < 1e-9)
    && average[2..].Zip([1.5, 2.5, 3.5]).All(pair => pair.Second - pair.First == 1.5) ? 0 : 1;

// Deviations of the last eight windows of three.
static double[] Deviations(string name, double[] values)
{
    var moving = new MovingStatistics(3);
    var deviations = new List<double>();
    foreach (double value in values)
    {
        moving.Push(value);
        deviations.Add(moving.StandardDeviation);
    }

    double[] last = [.. deviations.TakeLast(8)];
    Console.WriteLine($"{name}: {string.Join(" ", last.Select(one => $"{one:0.000}"))}");
    return last;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: errors of a huge value stay"
else
    echo "changed: expected wrong deviations and averages after a huge value, and right ones after NaN"
    exit 1
fi
