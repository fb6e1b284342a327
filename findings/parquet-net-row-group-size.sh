#!/usr/bin/env bash
# Parquet.Net 6.1.0: ParquetSerializer does not split rows at the documented default row group size.
#
# Guess: without ParquetOptions.RowGroupSize, row groups have at most ParquetOptions.DefaultRowGroupSize = 1,000,000 rows ("default
# size of row groups if not specified").
# Found: all rows become one row group, however many there are; RowGroupSize is null by default, and the constant is not applied. With
# RowGroupSize = 1,000,000 the same rows are split. A reader that takes one row group at a time to save memory therefore gets a
# whole series at once, unless the writer has set the size.
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
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Parquet;
using Parquet.Serialization;

Console.WriteLine($".NET {Environment.Version}, Parquet.Net 6.1.0, DefaultRowGroupSize {ParquetOptions.DefaultRowGroupSize}");
var rows = Enumerable.Range(0, ParquetOptions.DefaultRowGroupSize + 1).Select(i => new Row { Value = i }).ToList();
string unset = await Groups(new ParquetOptions());
string set = await Groups(new ParquetOptions { RowGroupSize = ParquetOptions.DefaultRowGroupSize });
Console.WriteLine($"rows in each row group: {unset} with the size unset; {set} with RowGroupSize = DefaultRowGroupSize");
return (unset, set) == ("1000001", "1000000 1") ? 0 : 1;

async Task<string> Groups(ParquetOptions options)
{
    using var file = new MemoryStream();
    await ParquetSerializer.SerializeAsync(rows, file, options);
    file.Position = 0;
    await using var reader = await ParquetReader.CreateAsync(file);
    return string.Join(" ", reader.RowGroups.Select(group => group.RowCount));
}

public sealed class Row
{
    public float Value { get; set; }
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: one row group of 1,000,001 rows, although the default is 1,000,000"
else
    echo "changed: expected 1000001 rows in one group with the size unset, and 1000000 and 1 with it set"
    exit 1
fi
