#!/usr/bin/env bash
# MathNet.Numerics 5.0.0: combining running statistics of more than two million values gives a wrong kurtosis.
#
# Guess: RunningStatistics.Combine of two shards equals the statistics of all values pushed in one go, to rounding, for any number of them.
# Found: mean, variance and skewness do. For the fourth moment the cube of the number of values is taken as a 64-bit whole number, which
# overflows above 2,097,151 values: the kurtosis of two shards of 1,200,000 values with different means is wrong, without an error.
# Two shards of 1,000,000 values are combined rightly. Statistics that workers gather and merge pass every small test.
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

Console.WriteLine($".NET {Environment.Version}, MathNet.Numerics {typeof(RunningStatistics).Assembly.GetName().Version}");
double small = Difference(1_000_000), large = Difference(1_200_000);
return small < 1e-6 && large > 0.1 ? 0 : 1;

// The first shard is a saw between 0 and 1, the second one between 5 and 6.
static double Difference(int count)
{
    RunningStatistics first = new(), second = new(), all = new();
    for (int i = 0; i < count; i++)
    {
        double value = i % 1000 / 1000.0;
        first.Push(value);
        all.Push(value);
    }

    for (int i = 0; i < count; i++)
    {
        double value = 5 + i % 1000 / 1000.0;
        second.Push(value);
        all.Push(value);
    }

    var combined = RunningStatistics.Combine(first, second);
    Console.WriteLine($"two shards of {count}: combined mean {combined.Mean:0.0000} variance {combined.Variance:0.0000}" +
        $" skewness {combined.Skewness:0.0000} kurtosis {combined.Kurtosis:0.0000}; all in one {all.Mean:0.0000} {all.Variance:0.0000}" +
        $" {all.Skewness:0.0000} {all.Kurtosis:0.0000}");
    return Math.Abs(combined.Kurtosis - all.Kurtosis);
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the kurtosis of two large shards is wrong, the rest right"
else
    echo "changed: expected a right kurtosis of two million values and a wrong one of 2.4 million"
    exit 1
fi
