#!/usr/bin/env bash
# ScottPlot 5.1.59: a NaN counts in the first bin of a histogram, although values outside are left out.
#
# Guess: NaN lies in no bin: it is left out, as -1, 5 and the infinities are while IncludeOutliers is false, and as NumPy's histogram does.
# Found: it is counted as the smallest value. The number of the bin is the difference divided by the width, cast to int, which is 0 for NaN,
# and the test for values outside compares, which is false for NaN. Losses of a run that diverged stand in the bin of the best ones, and
# probabilities are of more values than the range has.
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
    <PackageReference Include="ScottPlot" Version="5.1.59" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using ScottPlot.Statistics;

Console.WriteLine($".NET {Environment.Version}, ScottPlot {typeof(Histogram).Assembly.GetName().Version}, four bins from 0 to 4");
double[] values = [double.NaN, -1, 5, double.PositiveInfinity, double.NegativeInfinity, 0.5, 3.5];
string[] found = [.. values.Select(value =>
{
    var histogram = Histogram.WithBinSize(1, 0, 4);
    histogram.Add(value);
    string counts = string.Join(" ", histogram.Counts);
    Console.WriteLine($"{value}: counts {counts}, IncludeOutliers {histogram.IncludeOutliers}");
    return counts;
})];
return found is ["1 0 0 0", "0 0 0 0", "0 0 0 0", "0 0 0 0", "0 0 0 0", "1 0 0 0", "0 0 0 1"] ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: NaN counts in the first bin"
else
    echo "changed: expected NaN in the first bin and nothing else outside"
    exit 1
fi
