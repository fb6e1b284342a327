#!/usr/bin/env bash
# Deedle 8.1.0: variance, standard deviation, skewness and kurtosis are lost where the values are large against their spread.
#
# Guess: Stats.stdDev of values around 1e9 equals that of the same values around 0 to several digits, as in pandas and MathNet.
# Found: variance, stdDev, skew and kurt subtract sums of powers, so around 1e9 with a spread of 2 the deviation is NaN, 0 or many times too
# large. Stats.expandingStdDev, which ends at the same values, is right. A frame standardised by these numbers becomes NaN or constant:
# prices, counters and seconds since 1970 are of that kind.
# The moving functions add and take away from such sums, so after one value of 1e9 even windows of small values stay wrong.
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
    <PackageReference Include="Deedle" Version="8.1.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Deedle;

Console.WriteLine($".NET {Environment.Version}, Deedle 8.1.0");
double[] steps = [1, 3, 2, 5, 4, 6, 3, 7, 5, 8];
var near = Series(steps);
var far = Series([.. steps.Select(one => 1e9 + one)]);
var after = Series([1e9, .. steps]);
double right = Print("around 0", near), wrong = Print("around 1e9", far);
double expanding = Stats.expandingStdDev(far).GetAt(steps.Length - 1);
Console.WriteLine($"expandingStdDev around 1e9, last: {expanding:0.0000}");
double[] moving = [.. Enumerable.Range(2, 8).Select(i => Get(Stats.movingStdDev(3, near), i))];
double[] movingAfter = [.. Enumerable.Range(3, 8).Select(i => Get(Stats.movingStdDev(3, after), i))];
Console.WriteLine($"movingStdDev of 3: {Text(moving)}");
Console.WriteLine($"the same windows after one value of 1e9: {Text(movingAfter)}");
return !(Math.Abs(wrong - right) < 0.5) && Math.Abs(expanding - right) < 1e-6
    && moving.Zip(movingAfter).Count(pair => !(Math.Abs(pair.First - pair.Second) < 0.5)) >= 6 ? 0 : 1;

static Series<int, double> Series(double[] values) => values.Select((value, i) => KeyValue.Create(i, value)).ToSeries();

static double Get(Series<int, double> series, int at) => series.TryGetAt(at) is { HasValue: true } one ? one.Value : double.NaN;

static string Text(double[] values) => string.Join(" ", values.Select(one => $"{one:0.00}"));

static double Print(string name, Series<int, double> series)
{
    double deviation = Stats.stdDev(series);
    Console.WriteLine($"{name}: stdDev {deviation:0.0000}, variance {Stats.variance(series):0.0000}, skew {Stats.skew(series):0.0000}," +
        $" kurt {Stats.kurt(series):0.0000}");
    return deviation;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: deviations of large values are wrong"
else
    echo "changed: expected a right deviation around 0 and a wrong one around 1e9"
    exit 1
fi
