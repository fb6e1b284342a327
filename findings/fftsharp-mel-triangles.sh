#!/usr/bin/env bash
# FftSharp 2.2.0: the triangles of Mel.Scale fall off a cliff: their upper halves weigh half.
#
# Guess: each mel band weights its bins by a triangle, which rises to 1 in the middle and falls to 0, so that bins left and right of the
# middle count alike.
# Found: it rises to 1, drops to 0.5 and falls from there, because the second half is 1 - x where it should be 2 (1 - x). Energy above the
# middle of a band counts half of what energy below it does, and each band's centre of gravity lies too low. A tone that glides up has steps
# in its features at every band.
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

// The weight of each bin in the fourth of ten bands: the band's value where that bin alone is 1, compared with the largest weight.
double[] weights = [.. Enumerable.Range(0, 128).Select(bin =>
{
    var spectrum = new double[512];
    spectrum[bin] = 1;
    return Mel.Scale(spectrum, 16000, 10)[3];
})];
double top = weights.Max();
int first = Array.FindIndex(weights, one => one > 0), last = Array.FindLastIndex(weights, one => one > 0);
int middle = Array.IndexOf(weights, top);
Console.WriteLine($".NET {Environment.Version}, FftSharp 2.2.0, ten bands of 512 bins to 8,000 Hz");
Console.WriteLine($"weights of the fourth band, bins {first} to {last}, every other one:");
double[] triangle = [.. weights[first..(last + 1)].Select(one => one / top)];
Console.WriteLine(string.Join(" ", triangle.Where((_, i) => i % 2 == 0).Select(one => $"{one:0.00}")));
double after = weights[middle + 1] / top, steepest = Enumerable.Range(1, middle - first).Max(i => triangle[i] - triangle[i - 1]);
Console.WriteLine($"one bin after the highest: {after:0.00}; steps on the rising side are at most {steepest:0.00}");
return after is > 0.45 and < 0.55 && steepest < 0.07 ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the weight falls from 1 to 0.5 in the middle"
else
    echo "changed: expected a weight of about 0.5 next to the highest one"
    exit 1
fi
