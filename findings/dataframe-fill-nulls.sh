#!/usr/bin/env bash
# Microsoft.Data.Analysis 0.23.1: FillNulls with a list of values fills the original and returns a copy that is not filled.
#
# Guess: FillNulls(values) returns a filled copy and leaves the frame as it was (inPlace is false by default), as FillNulls(value) does.
# Found: the overload with one value for each column does the opposite: the copy that it returns still has the missing cells, the
# original has lost them. Code that keeps the result trains on missing cells, and code that keeps the original to make
# a mask of what was observed finds nothing missing any more.
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
(long, long) one = Missing("one value", frame => frame.FillNulls(0f));
(long, long) list = Missing("a list of values", frame => frame.FillNulls(new object[] { 0f, 1f }));
return one == (2, 0) && list == (0, 2) ? 0 : 1;

static (long, long) Missing(string name, Func<DataFrame, DataFrame> fill)
{
    var frame = DataFrame.LoadCsvFromString("a,b\n1,2\n,4\n5,\n");
    var filled = fill(frame);
    (long Original, long Result) missing = (frame.Columns.Sum(column => column.NullCount), filled.Columns.Sum(column => column.NullCount));
    Console.WriteLine($"{name}: missing in the original {missing.Original}, in the result {missing.Result}, of 2 before");
    return missing;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the list fills the original, not the result"
else
    echo "changed: expected a filled original and an unfilled result of the list"
    exit 1
fi
