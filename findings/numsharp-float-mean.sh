#!/usr/bin/env bash
# NumSharp 0.70.0: the mean of a long series of floats drifts with its length; NumPy keeps seven digits.
#
# Guess: NumSharp, which repeats NumPy down to the random numbers of a seed, adds in pairs as NumPy does: the mean of 50 million floats
# around 20.3 is right to seven digits.
# Found: 20.31 in place of 20.3, where NumPy 1.24 gives 20.300003 on the same values; the deviation is 0.713 in place of 0.707. It keeps a
# few running sums in single precision, and each new value is rounded to the steps of a sum that has become large. Doubles are right. What
# is normalised by such a mean has an offset that depends on the length of the series.
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
    <PackageReference Include="NumSharp" Version="0.70.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using NumSharp;

Console.WriteLine($".NET {Environment.Version}, NumSharp {typeof(np).Assembly.GetName().Version}, 20.3 + sin(i / 100)");
np.random.seed(42);
Console.WriteLine($"random numbers of seed 42: {np.random.rand(3)} (NumPy: 0.37454012 0.95071431 0.73199394)");
double[] errors = [.. new[] { 1_000_000, 10_000_000, 50_000_000 }.Select(Error)];
return errors[0] < 1e-3 && errors[2] > 1e-3 && errors[2] > 10 * errors[0] ? 0 : 1;

static double Error(int count)
{
    var values = new float[count];
    double sum = 0;
    for (int i = 0; i < count; i++)
    {
        values[i] = (float)(20.3 + Math.Sin(i * 0.01));
        sum += values[i];
    }

    double mean = Convert.ToDouble(np.mean(np.array(values)).GetValue(0));
    Console.WriteLine($"{count:N0} floats: mean {mean:0.00000}, in double precision {sum / count:0.00000}");
    return Math.Abs(mean - sum / count);
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the mean of 50 million floats is off by a hundredth"
else
    echo "changed: expected an error above 0.001 for 50 million and below it for one million"
    exit 1
fi
