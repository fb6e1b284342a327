#!/usr/bin/env bash
# MathNet.Numerics 5.0.0: the entropies of Pareto, Geometric and Dirichlet are wrong.
#
# Guess: Entropy is minus the mean logarithm of the density or probability, in natural units, in all distributions.
# Found: Pareto's has the wrong sign, Geometric's is in bits (all others are in nats), and Dirichlet's is 7.64 in place of -1.24 for
# (1, 2, 3). Normal, Gamma, Weibull and Binomial agree with the mean over samples or the sum of probabilities.
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
var random = new Random(1);
IContinuousDistribution[] continuous = [new Normal(1, 2, random), new Gamma(2, 3, random), new Weibull(2, 3, random), new Pareto(1, 5, random)];
double[] errors = [.. continuous.Select(one =>
{
    double[] samples = new double[200_000];
    one.Samples(samples);
    return Show(one.GetType().Name, one.Entropy, -samples.Average(one.DensityLn));
})];
IDiscreteDistribution[] discrete = [new Binomial(0.3, 10), new Geometric(0.3)];
double[] others = [.. discrete.Select(one => Show(one.GetType().Name, one.Entropy,
    -Enumerable.Range(0, 300).Select(one.Probability).Where(p => p > 0).Sum(p => p * Math.Log(p))))];
var dirichlet = new Dirichlet([1.0, 2, 3], random);
double third = Show("Dirichlet", dirichlet.Entropy, -Enumerable.Range(0, 200_000).Average(_ => dirichlet.DensityLn(dirichlet.Sample())));
bool right = errors[..3].Append(others[0]).All(error => Math.Abs(error) < 0.02);
return right && Math.Abs(errors[3] - 0.82) < 0.02 && Math.Abs(others[1] - 0.9014) < 0.01 && third > 8 ? 0 : 1;

static double Show(string name, double entropy, double mean)
{
    Console.WriteLine($"{name}: Entropy {entropy:0.0000}, minus the mean logarithm {mean:0.0000}");
    return entropy - mean;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: three entropies are wrong, four right"
else
    echo "changed: expected wrong entropies of Pareto, Geometric and Dirichlet alone"
    exit 1
fi
