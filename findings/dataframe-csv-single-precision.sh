#!/usr/bin/env bash
# Microsoft.Data.Analysis 0.23.1: LoadCsv reads every column of numbers as single precision, whole numbers included.
#
# Guess: whole numbers become long, others double, as in pandas; Mean() and Median() return double.
# Found: any column of numbers becomes float, so whole numbers above 16,777,216 are rounded without a remark: seconds since 1970 to the
# next multiple of 128, so that rows a minute apart get equal times, and identifiers of nine digits merge. GroupBy and Merge then
# join different keys. dataTypes, or a guessTypeFunction, avoids it.
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
const string Text = "time,meter,level\n1700000000,200000001,0.1\n1700000060,200000002,0.2\n1700000120,200000003,0.3\n";
var frame = DataFrame.LoadCsvFromString(Text);
foreach (var column in frame.Columns)
{
    Console.WriteLine($"{column.Name}: {column.DataType.Name}, {string.Join(" ", column.Cast<object>().Select(one => $"{Convert.ToDouble(one):0.###########}"))}");
}

var typed = DataFrame.LoadCsvFromString(Text, dataTypes: [typeof(long), typeof(long), typeof(double)]);
int times = Distinct(frame, "time"), meters = Distinct(frame, "meter");
Console.WriteLine($"different times: {times} of 3, meters: {meters} of 3; with dataTypes {Distinct(typed, "time")} and {Distinct(typed, "meter")}");
return frame.Columns.All(column => column.DataType == typeof(float)) && times < 3 && meters < 3 && Distinct(typed, "time") == 3 ? 0 : 1;

static int Distinct(DataFrame frame, string column) => frame[column].Cast<object>().Distinct().Count();
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: whole numbers are read as single precision"
else
    echo "changed: expected float columns whose large whole numbers are rounded"
    exit 1
fi
