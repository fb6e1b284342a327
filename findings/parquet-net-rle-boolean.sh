#!/usr/bin/env bash
# Parquet.Net 6.1.0: a boolean column in the RLE encoding is read wrongly, without an error.
#
# Guess: RLE, which the format allows for boolean values, reads like the other encodings.
# Found: the values are wrong and nothing throws. PLAIN booleans come back right, and ParquetSharp (Arrow's own reader) reads all these
# files right. Arrow chooses RLE for booleans by itself when it writes data pages of version 2, so a mask or a reset flag that
# another tool wrote is lost quietly. Which encoding a column has stands in its metadata.
# The format: https://parquet.apache.org/docs/file-format/data-pages/encodings/ (RLE = 3, with its length in four bytes before it)
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
bool[] values = [.. Enumerable.Range(0, 1000).Select(i => i % 3 == 0)];
int plain = await Compare("default", ParquetDataPageVersion.V1, properties => properties);
int rle = await Compare("RLE asked for", ParquetDataPageVersion.V1, properties => properties.Encoding(Encoding.Rle));
int second = await Compare("default", ParquetDataPageVersion.V2, properties => properties);
return plain == 0 && rle > 0 && second > 0 ? 0 : 1;

async Task<int> Compare(string name, ParquetDataPageVersion version, Func<WriterPropertiesBuilder, WriterPropertiesBuilder> encoding)
{
    const string path = "mask.parquet";
    using (var properties = encoding(new WriterPropertiesBuilder().DataPageVersion(version).DisableDictionary()).Build())
    using (var file = new ParquetFileWriter(path, [new Column<bool>("mask")], properties))
    {
        using var group = file.AppendRowGroup();
        using var column = group.NextColumn().LogicalWriter<bool>();
        column.WriteBatch(values);
    }

    using var arrow = new ParquetFileReader(path);
    using var arrowGroup = arrow.RowGroup(0);
    using var chunk = arrowGroup.MetaData.GetColumnChunkMetaData(0);
    using var arrowColumn = arrowGroup.Column(0).LogicalReader<bool>();
    int byArrow = Wrong(arrowColumn.ReadAll(values.Length));

    bool[] read = new bool[values.Length];
    await using var parquet = await Parquet.ParquetReader.CreateAsync(path);
    using var parquetGroup = parquet.OpenRowGroupReader(0);
    await parquetGroup.ReadAsync<bool>(parquet.Schema.DataFields[0], read.AsMemory());
    Console.WriteLine($"pages {version}, {name} ({string.Join(", ", chunk.Encodings)}): of {values.Length} values" +
        $" ParquetSharp reads {byArrow} wrongly, Parquet.Net {Wrong(read)}; {values.Count(one => one)} are true," +
        $" Parquet.Net reads {read.Count(one => one)}");
    return byArrow == 0 ? Wrong(read) : -1;
}

int Wrong(bool[] read) => values.Zip(read).Count(pair => pair.First != pair.Second);
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: Parquet.Net reads PLAIN booleans right and RLE booleans wrongly"
else
    echo "changed: expected wrong values by Parquet.Net from the RLE file, and none elsewhere"
    exit 1
fi
