#!/usr/bin/env bash
# PureHDF 2.2.0: a virtual dataset that takes its columns from two datasets in turn is read wrongly after its first row, without an error.
#
# Guess: virtual datasets are supported, so any mapping that HDF5 can store is read as HDF5 reads it.
# Found: with every second column from one source, and the others from another, the first row is right and most of the rest are elements of
# other places. Sources that lie below each other, or next to each other in blocks, come back right. Recordings of instruments
# whose channels are written into files of their own are joined like that.
#
# Needs: .NET 10 SDK, NuGet, Debian's python3-h5py. Exits 0 while the behaviour stands, 1 when it has changed.
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

using var file = H5File.OpenRead("channels.h5");
var wrong = new Dictionary<string, int>();
foreach (string name in new[] { "below", "blocks", "interleaved" })
{
    // What HDF5 itself reads was stored as an ordinary dataset.
    float[] read = file.Dataset(name).Read<float[]>(), wanted = file.Dataset(name + " as read").Read<float[]>();
    wrong[name] = read.Zip(wanted).Count(pair => pair.First != pair.Second);
    Console.WriteLine($"{name}: {wrong[name]} of {wanted.Length} wrong; second row {string.Join(" ", read[10..20])}, wanted {string.Join(" ", wanted[10..20])}");
}

return wrong["below"] == 0 && wrong["blocks"] == 0 && wrong["interleaved"] > 10 ? 0 : 1;
CS
cat >write.py <<'PY'
import h5py
import numpy

print(f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}, PureHDF 2.2.0")
with h5py.File("channels.h5", "w", libver="latest") as file:
    first = file.create_dataset("first", data=numpy.arange(20, dtype="f4").reshape(4, 5))
    second = file.create_dataset("second", data=100 + numpy.arange(20, dtype="f4").reshape(4, 5))
    one, other = h5py.VirtualSource(first), h5py.VirtualSource(second)
    below, blocks, interleaved = (h5py.VirtualLayout(shape, "f4") for shape in ((8, 5), (4, 10), (4, 10)))
    below[:4], below[4:] = one, other
    blocks[:, :5], blocks[:, 5:] = one, other
    interleaved[:, 0::2], interleaved[:, 1::2] = one, other
    for name, layout in (("below", below), ("blocks", blocks), ("interleaved", interleaved)):
        file.create_virtual_dataset(name, layout)
        file.create_dataset(f"{name} as read", data=file[name][...])
PY
/usr/bin/python3 write.py
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the interleaved dataset is read wrongly"
else
    echo "changed: expected wrong values of the interleaved dataset alone"
    exit 1
fi
