#!/usr/bin/env bash
# MathNet.Numerics 5.0.0: distribution functions of Poisson, Geometric and NegativeBinomial rise between whole numbers.
#
# Guess: CumulativeDistribution(x) of a distribution on whole numbers is a step function: at 3.5 it is what it is at 3, as it is in R and SciPy.
# Found: Binomial's and Hypergeometric's are. Those of Poisson, Geometric and NegativeBinomial go up smoothly between the steps, and
# that of ConwayMaxwellPoisson steps early, so that at 1.5 it is that of 2. Tests of counts with a continuity correction (x + 0.5),
# and randomised quantile residuals, are wrong by up to a whole step.
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
IDiscreteDistribution[] steps = [new Binomial(0.3, 10), new Hypergeometric(20, 8, 6), new DiscreteUniform(0, 7)];
IDiscreteDistribution[] smooth = [new Poisson(3.5), new Geometric(0.3), new NegativeBinomial(3, 0.4), new ConwayMaxwellPoisson(2, 1.5)];
double[] right = [.. steps.Select(Rise)], wrong = [.. smooth.Select(Rise)];
return right.All(rise => Math.Abs(rise) < 1e-12) && wrong.All(rise => rise > 0.02) ? 0 : 1;

static double Rise(IDiscreteDistribution one)
{
    double three = one.CumulativeDistribution(3), between = one.CumulativeDistribution(3.5), four = one.CumulativeDistribution(4);
    Console.WriteLine($"{one.GetType().Name}: {three:0.0000} at 3, {between:0.0000} at 3.5, {four:0.0000} at 4");
    return between - three;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: four distribution functions rise between 3 and 4"
else
    echo "changed: expected a rise between 3 and 4 in the last four alone"
    exit 1
fi
