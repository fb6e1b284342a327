#!/usr/bin/env bash
# MathNet.Numerics 5.0.0: samples of NegativeBinomial are not of the distribution that its mean and probabilities describe.
#
# Guess: the mean of many samples of NegativeBinomial(3, 0.4) comes close to its Mean, 4.5, and their variance to its Variance, 11.25.
# Found: they are 7.5 and 26. Mean, Variance, Probability and the distribution function agree with each other. The samples are Poisson numbers
# whose rates are drawn from a gamma distribution of the rate p in place of p / (1 - p). Simulated demand, or predictive intervals by
# sampling from a network that gives r and p, are too high and too wide; only p near 0 hides it.
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
    <PackageReference Include="MathNet.Numerics" Version="5.0.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using MathNet.Numerics.Distributions;

Console.WriteLine($".NET {Environment.Version}, MathNet.Numerics {typeof(NegativeBinomial).Assembly.GetName().Version}");
bool wrong = true;
foreach (double p in new[] { 0.4, 0.8, 0.05 })
{
    var distribution = new NegativeBinomial(3, p, new Random(1));
    int[] samples = new int[400_000];
    distribution.Samples(samples);
    double mean = samples.Average(), variance = samples.Average(one => (one - mean) * (one - mean));
    double byProbability = Enumerable.Range(0, 2000).Sum(k => k * distribution.Probability(k));
    Console.WriteLine($"r 3, p {p}: samples' mean {mean:0.00}, variance {variance:0.00}; Mean {distribution.Mean:0.00}, Variance "
        + $"{distribution.Variance:0.00}, mean by Probability {byProbability:0.00}; 3/p {3 / p:0.00}, 3/p + 3/p² {3 / p + 3 / p / p:0.00}");
    wrong &= Math.Abs(mean * p / 3 - 1) < 0.02 && Math.Abs(byProbability - distribution.Mean) < 1e-3;
}

return wrong ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the samples' mean is r/p, not r(1 - p)/p"
else
    echo "changed: expected samples of mean r/p, and a Mean of r(1 - p)/p"
    exit 1
fi
