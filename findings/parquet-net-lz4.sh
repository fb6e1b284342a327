#!/usr/bin/env bash
# Parquet.Net 6.1.0: columns in the older LZ4 codec are read wrongly, without an error.
#
# Guess: LZ4 reads like Snappy, gzip, zstd and LZ4_RAW, or is refused, because the format calls the codec (number 5) deprecated.
# Found: the pages' Hadoop frame, two lengths before the block, is taken for compressed data, and what comes out fills the column: all 1,000
# values are wrong and nothing throws. LZ4_RAW (number 7) comes back right, and ParquetSharp reads both right. Hadoop, Spark and older
# versions of Arrow wrote the older codec under the name LZ4; which one a column has stands in its metadata.
# The format: https://parquet.apache.org/docs/file-format/data-pages/compression/
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

Console.WriteLine($".NET {Environment.Version}, Parquet.Net 6.1.0, ParquetSharp 25.0.1.2");
float[] values = [.. Enumerable.Range(0, 1000).Select(i => i * 0.5f)];
int snappy = await Compare(Compression.Snappy), raw = await Compare(Compression.Lz4), older = await Compare(Compression.Lz4Hadoop);
return (snappy, raw, older) == (0, 0, 1000) ? 0 : 1;

async Task<int> Compare(Compression compression)
{
    const string path = "series.parquet";
    using (var file = new ParquetFileWriter(path, [new Column<float>("level")], compression))
    {
        using var group = file.AppendRowGroup();
        using var column = group.NextColumn().LogicalWriter<float>();
        column.WriteBatch(values);
    }

    using var arrow = new ParquetFileReader(path);
    using var arrowGroup = arrow.RowGroup(0);
    using var chunk = arrowGroup.MetaData.GetColumnChunkMetaData(0);
    using var arrowColumn = arrowGroup.Column(0).LogicalReader<float>();
    int byArrow = Wrong(arrowColumn.ReadAll(values.Length));

    float[] read = new float[values.Length];
    await using var parquet = await Parquet.ParquetReader.CreateAsync(path);
    using var parquetGroup = parquet.OpenRowGroupReader(0);
    await parquetGroup.ReadAsync<float>(parquet.Schema.DataFields[0], read.AsMemory());
    Console.WriteLine($"{compression} (codec {chunk.Compression}): of {values.Length} values ParquetSharp reads {byArrow} wrongly," +
        $" Parquet.Net {Wrong(read)}; first {string.Join(" ", read[..3])}, written {string.Join(" ", values[..3])}");
    return byArrow == 0 ? Wrong(read) : -1;
}

int Wrong(float[] read) => values.Zip(read).Count(pair => pair.First != pair.Second);
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: Parquet.Net reads the older LZ4 wrongly"
else
    echo "changed: expected wrong values by Parquet.Net from the older LZ4, and none elsewhere"
    exit 1
fi
