#!/usr/bin/env bash
# .NET 10: BitConverter.Int32BitsToSingle of a constant gives other bits than of a variable, where they are those of a signalling NaN.
#
# Guess: Int32BitsToSingle reinterprets bits, so that SingleToInt32Bits gives them back, whatever they are.
# Found: 0x7F812345 comes back as 0x7FC12345 (a quiet NaN) where the compiler sees the constant, and unchanged where it does not.
# Both ways are the same source expression; so a test vector written as a literal checks other bits than those that data files hold.
# Quiet NaNs, infinities and -0 keep their bits both ways.
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
int signalling = int.Parse("2139169605"), quiet = int.Parse("-4119739");
Console.WriteLine($"{Environment.Version} {System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}");
float constant = BitConverter.Int32BitsToSingle(0x7F812345), variable = BitConverter.Int32BitsToSingle(signalling);
float quietConstant = BitConverter.Int32BitsToSingle(unchecked((int)0xFFC12345)), quietVariable = BitConverter.Int32BitsToSingle(quiet);
string signallingBits = $"{BitConverter.SingleToInt32Bits(constant):X8} {BitConverter.SingleToInt32Bits(variable):X8}";
string quietBits = $"{BitConverter.SingleToInt32Bits(quietConstant):X8} {BitConverter.SingleToInt32Bits(quietVariable):X8}";
Console.WriteLine($"signalling NaN, constant and variable: {signallingBits}");
Console.WriteLine($"quiet NaN, constant and variable: {quietBits}");
return (signallingBits, quietBits) == ("7FC12345 7F812345", "FFC12345 FFC12345") ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
for tiered in 1 0; do
    echo "DOTNET_TieredCompilation=$tiered"
    DOTNET_TieredCompilation=$tiered ./out/probe || { echo "changed: expected 7FC12345 for the constant, 7F812345 for the variable"; exit 1; }
done
echo "as found: the constant is a quiet NaN, the variable a signalling one"
