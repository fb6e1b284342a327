#!/usr/bin/env bash
# Apache.Arrow 23.0.0: the writers write the dictionaries of the first record batch only; later batches are read with those.
#
# Guess: a batch whose dictionary differs is written with its dictionary (the format has replacement and delta messages for that), or
# refused, as the JavaScript library refuses a replacement in the file format.
# Found: ArrowStreamWriter and ArrowFileWriter send dictionaries once, before the first batch. The indices of the second batch then point
# into the first one's dictionary: east west comes back as north south, without an error, and east is nowhere in the bytes. Batches
# that were built one after the other, each with a dictionary of what it holds, hold other categories after a round trip.
# The format: https://arrow.apache.org/docs/format/Columnar.html#dictionary-messages
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
    <PackageReference Include="Apache.Arrow" Version="23.0.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

Console.WriteLine($".NET {Environment.Version}, Apache.Arrow {typeof(RecordBatch).Assembly.GetName().Version}");
var type = new DictionaryType(Int32Type.Default, StringType.Default, false);
var schema = new Schema([new Field("station", type, false)], null);
RecordBatch[] batches = [Batch("north", "south"), Batch("east", "west")];
bool stream = RoundTrip("stream", output => new ArrowStreamWriter(output, schema), input => new ArrowStreamReader(input));
bool file = RoundTrip("file", output => new ArrowFileWriter(output, schema), input => new ArrowFileReader(input));
return stream && file ? 0 : 1;

RecordBatch Batch(params string[] stations)
{
    var indices = new Int32Array.Builder().AppendRange(Enumerable.Range(0, stations.Length)).Build();
    var dictionary = new StringArray.Builder().AppendRange(stations).Build();
    return new RecordBatch(schema, [new DictionaryArray(type, indices, dictionary)], stations.Length);
}

bool RoundTrip(string name, Func<Stream, ArrowStreamWriter> write, Func<Stream, ArrowStreamReader> read)
{
    var memory = new MemoryStream();
    using (var writer = write(memory))
    {
        foreach (var batch in batches)
        {
            writer.WriteRecordBatch(batch);
        }

        writer.WriteEnd();
    }

    byte[] bytes = memory.ToArray();
    using var reader = read(new MemoryStream(bytes));
    var stations = new List<string>();
    while (reader.ReadNextRecordBatch() is { } batch)
    {
        var column = (DictionaryArray)batch.Column(0);
        var dictionary = (StringArray)column.Dictionary;
        stations.AddRange(((Int32Array)column.Indices).Select(index => dictionary.GetString(index!.Value)));
    }

    bool present = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("east")) >= 0;
    Console.WriteLine($"{name}: wrote north south | east west, read {string.Join(" ", stations)}; the bytes hold \"east\": {present}");
    return stations is ["north", "south", "north", "south"] && !present;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the second batch is read with the first one's dictionary"
else
    echo "changed: expected the first dictionary for both batches"
    exit 1
fi
