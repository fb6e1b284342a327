#!/usr/bin/env bash
# .NET 10: ExpM1, Exp2M1, LogP1 and Log2P1 of float, double and Half lose small arguments.
#
# Guess: float.ExpM1(x) and float.LogP1(x) exist for small x, where exp(x) - 1 cancels, and are exact to the last digits, as expm1 and
# log1p of C, NumPy and PyTorch are.
# Found: they compute exp(x) - 1 and log(x + 1): 0 for 1e-8 in single and for 1e-17 in double precision, and an error of a thousandth for
# 1e-5f. log(1 + exp(-x)) of a loss, growth rates of returns and ELU lose the small values that the functions were chosen for.
#
# Needs: .NET 10 SDK. Exits 0 while the behaviour stands, 1 when it has changed.
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
</Project>
XML
cat >Probe.cs <<'CS'
Console.WriteLine($".NET {Environment.Version}");
bool asFound = true;
foreach (float x in new[] { 1e-2f, 1e-5f, 1e-8f })
{
    // Three terms of the series are exact to single precision here.
    double exact = x + x * (double)x / 2 + x * (double)x * x / 6, logarithm = x - x * (double)x / 2 + x * (double)x * x / 3;
    float grown = float.ExpM1(x), log = float.LogP1(x);
    Console.WriteLine($"float {x}: ExpM1 {grown:R}, exact {(float)exact:R}; LogP1 {log:R}, exact {(float)logarithm:R}");
    asFound &= x != 1e-5f || Math.Abs(grown / exact - 1) > 1e-3 && Math.Abs(log / logarithm - 1) > 1e-3;
    asFound &= x != 1e-8f || grown == 0 && log == 0;
}

foreach (double x in new[] { 1e-10, 1e-17 })
{
    double exact = x + x * x / 2;
    Console.WriteLine($"double {x}: ExpM1 {double.ExpM1(x):R}, exact {exact:R}; LogP1 {double.LogP1(x):R}; Exp2M1 {double.Exp2M1(x):R}; Log2P1 {double.Log2P1(x):R}");
    asFound &= x > 1e-16 ? Math.Abs(double.ExpM1(x) / exact - 1) > 1e-8 : double.ExpM1(x) == 0 && double.LogP1(x) == 0 && double.Log2P1(x) == 0;
}

return asFound ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: small arguments are lost"
else
    echo "changed: expected 0 for 1e-8 in single and for 1e-17 in double precision"
    exit 1
fi
