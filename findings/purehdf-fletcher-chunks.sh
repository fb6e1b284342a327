#!/usr/bin/env bash
# PureHDF 2.2.0: a chunked matrix whose only filter is the Fletcher32 checksum is read with its rows in wrong places, without an error.
#
# Guess: the checksum protects the data: they are read right, or an error says that they are damaged.
# Found: PureHDF writes such a file right (h5wasm, the HDF5 library itself, reads every value back), but reads it wrongly: in a matrix of
# 30 x 20 in chunks of 10 x 10, 270 of 600 values are those of other places, from the second row on.
# Chunks as wide as the matrix come back right, and so do all chunks when gzip or shuffle is a filter, too.
#
# Needs: .NET 10 SDK, NuGet, node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
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
    <PackageReference Include="PureHDF" Version="2.2.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using PureHDF;
using PureHDF.Filters;

var values = new double[30, 20];
for (int i = 0; i < values.Length; i++)
{
    values[i / 20, i % 20] = i;
}

var written = new H5File
{
    ["checksum"] = new H5Dataset(values, chunks: [10, 10], datasetCreation: new(Filters: [Fletcher32Filter.Id])),
    ["checksum, wide"] = new H5Dataset(values, chunks: [10, 20], datasetCreation: new(Filters: [Fletcher32Filter.Id])),
    ["checksum, shuffle"] = new H5Dataset(values, chunks: [10, 10], datasetCreation: new(Filters: [ShuffleFilter.Id, Fletcher32Filter.Id])),
    ["no filter"] = new H5Dataset(values, chunks: [10, 10]),
};
written.Write("matrix.h5");
using var file = H5File.OpenRead("matrix.h5");
bool asFound = true;
foreach (var set in file.Children().OfType<IH5Dataset>())
{
    int wrong = set.Read<double[]>().Where((value, i) => value != i).Count();
    Console.WriteLine($"PureHDF 2.2.0 reads {set.Name}: {wrong} of 600 values wrong");
    asFound &= set.Name == "checksum" ? wrong > 0 : wrong == 0;
}

return asFound ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts h5wasm@0.10.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >read.mjs <<'JS'
import h5wasm from 'h5wasm/node';
await h5wasm.ready;
const file = new h5wasm.File('matrix.h5', 'r');
const wrong = file.keys().reduce((sum, name) => sum + file.get(name).value.filter((value, i) => value !== i).length, 0);
console.log(`h5wasm 0.10.3 reads all four: ${wrong} values wrong`);
process.exit(wrong === 0 ? 0 : 1);
JS
if ./out/probe && node read.mjs; then
    echo "as found: PureHDF alone misreads the matrix with a checksum and no other filter"
else
    echo "changed: expected wrong values from PureHDF for the matrix with a checksum alone"
    exit 1
fi
