#!/usr/bin/env bash
# Microsoft.Data.Analysis 0.23.1: grouped means, minima and maxima, and Description(), count missing cells as zeros.
#
# Guess: missing cells are left out, as in pandas and as in the library's own column methods Mean, Min and Max.
# Found: GroupBy(...).Mean() divides the sum by the number of rows, with the missing ones; Min() and Max() take the 0 that is stored under a
# missing cell for a value; Description() divides by the length, too. For 4, 6 and a missing cell the column says mean 5 and
# minimum 4, the group says 3.33 and 0, the description says mean 3.33. Nothing is reported.
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
    <PackageReference Include="Microsoft.Data.Analysis" Version="0.23.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Microsoft.Data.Analysis;

Console.WriteLine($".NET {Environment.Version}, Microsoft.Data.Analysis 0.23.1");
var frame = DataFrame.LoadCsvFromString("station,level\nnorth,4\nnorth,\nnorth,6\nsouth,-4\nsouth,\nsouth,-6\n");
var level = frame["level"];
Console.WriteLine($"column: missing {level.NullCount}, mean {level.Mean()}, least {level.Min()}, greatest {level.Max()}");
var groups = frame.GroupBy("station");
double[] means = Values(groups.Mean("level")), least = Values(groups.Min("level")), greatest = Values(groups.Max("level"));
double[] counts = Values(groups.Count("level"));
Console.WriteLine($"north 4 6 and a missing cell: count {counts[0]}, mean {means[0]:0.00}, least {least[0]}, greatest {greatest[0]}");
Console.WriteLine($"south -4 -6 and a missing cell: count {counts[1]}, mean {means[1]:0.00}, least {least[1]}, greatest {greatest[1]}");
var north = frame.Filter(frame["station"].ElementwiseEquals("north"));
double described = Convert.ToDouble(north.Description()["level"][3]);
Console.WriteLine($"north alone: column mean {north["level"].Mean()}, Description() mean {described:0.00}");
return counts is [2, 2] && Math.Abs(means[0] - 10.0 / 3) < 1e-6 && least[0] == 0 && greatest[1] == 0 && greatest[0] == 6
    && north["level"].Mean() == 5 && Math.Abs(described - 10.0 / 3) < 1e-6 ? 0 : 1;

static double[] Values(DataFrame frame) => [.. frame["level"].Cast<object>().Select(Convert.ToDouble)];
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: groups and descriptions take missing cells for zeros"
else
    echo "changed: expected means, minima and maxima with a zero for the missing cell"
    exit 1
fi
