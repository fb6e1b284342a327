#!/usr/bin/env bash
# Parquet.Net 6.1.0: timestamps without a zone come as times of the machine's zone, and differ from machine to machine.
#
# Guess: a column of timestamps with isAdjustedToUTC=false, which the format calls local to no certain zone and pandas writes for each naive
# time, comes as DateTime of kind Unspecified, as ParquetSharp gives it.
# Found: its kind is Local. Comparisons on one machine look right; ToUniversalTime(), DateTimeOffset, serialisers and ToString("O") then
# shift or mark it by the zone of the machine that reads: the same file gives 00:00Z on a server in UTC and 15:00Z of the day before in
# Tokyo. Hours that daylight saving skips and repeats are gone or doubled in a series that has neither.
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
    <PackageReference Include="Parquet.Net" Version="6.1.0" />
    <PackageReference Include="ParquetSharp" Version="25.0.1.2" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using ParquetSharp;

const string path = "series.parquet";
DateTime[] times = [new(2024, 1, 15), new(2024, 1, 15, 12, 0, 0)];
using (var file = new ParquetFileWriter(path, [new Column<DateTime>("time", LogicalType.Timestamp(false, TimeUnit.Micros))]))
{
    using var group = file.AppendRowGroup();
    using var column = group.NextColumn().LogicalWriter<DateTime>();
    column.WriteBatch(times);
}

using var arrow = new ParquetFileReader(path);
using var arrowGroup = arrow.RowGroup(0);
using var arrowColumn = arrowGroup.Column(0).LogicalReader<DateTime>();
DateTime byArrow = arrowColumn.ReadAll(2)[0];

var read = new DateTime[2];
await using var parquet = await Parquet.ParquetReader.CreateAsync(path);
using var parquetGroup = parquet.OpenRowGroupReader(0);
await parquetGroup.ReadAsync<DateTime>(parquet.Schema.DataFields[0], read.AsMemory());
Console.WriteLine($".NET {Environment.Version}, zone {TimeZoneInfo.Local.Id}");
Console.WriteLine($"ParquetSharp 25.0.1.2: {byArrow:O}, kind {byArrow.Kind}");
Console.WriteLine($"Parquet.Net 6.1.0: {read[0]:O}, kind {read[0].Kind}, in UTC {read[0].ToUniversalTime():O}");
var wanted = times[0] - TimeZoneInfo.Local.GetUtcOffset(times[0]);
return byArrow.Kind == DateTimeKind.Unspecified && read[0].Kind == DateTimeKind.Local && read[0].ToUniversalTime() == wanted ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if TZ=UTC ./out/probe && TZ=Asia/Tokyo ./out/probe; then
    echo "as found: the kind is Local, and the zone is the reader's"
else
    echo "changed: expected Local from Parquet.Net and Unspecified from ParquetSharp"
    exit 1
fi
