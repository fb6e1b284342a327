#!/usr/bin/env bash
# PureHDF 2.2.0: a data set is read into any .NET type of the same size, without conversion and without an error.
#
# Guess: the stored type is checked; numbers are converted as the HDF5 library converts them, or the read throws. For bfloat16,
# which .NET has no type for, Read<Half[]> throws.
# Found: only the size is compared. bfloat16 read as Half gives other numbers (1 becomes 1.875), float read as int gives the floats'
# bits (1 becomes 1065353216), int read as float gives denormal numbers. Another size throws, also where HDF5 would convert without
# loss (float to double). The HDF5 library and h5py convert all of these, so a program ported from them reads wrong numbers quietly;
# the type has to be compared first (IH5Dataset.Type).
#
# The bfloat16 file is embedded: h5py wrote 1, -2.5, 3.140625, 100 as a 16-bit float with 8 exponent and 7 mantissa bits. Where
# python3 has h5py, the script prints what HDF5 itself reads from it.
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
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="PureHDF" Version="2.2.0" />
  </ItemGroup>
</Project>
XML
base64 -d <<'H5' | gzip -d >bfloat16.h5
H4sIAAAAAAACA+v0cHHj5ZLiYgABDg4GFgYBBmTwHwqAUih8mHwClGaE0h1QegUTTJwRLCcBFReEmo+uLiTI1RWk+j8agNljwAKhORhGwUgEHq6OASA6AsqH
pacTTKjqktJy8hNLDM0Y0NKlA5n2MjKwQcxghPEhNjMyQgSgyRJOMwPlQTKCCvwMEKcJMLBzMLDXQ+VZgSkYJM/ExMQISc8Q85gZYUkbNYULQfkgxRsfcGUz
MFQMaDwE+/m7gHI0zJUKzKNpcxSMgqEKGuwVDng6nHACAE4U+n8ICAAA
H5
cat >Probe.cs <<'CS'
using PureHDF;

new H5File { ["float"] = new float[] { 1, -2.5f, 100 }, ["int"] = new int[] { 1, 2, 3 } }.Write("numbers.h5");
using var numbers = H5File.OpenRead("numbers.h5");
using var bfloat16 = H5File.OpenRead("bfloat16.h5");
Console.WriteLine("bfloat16 as Half: " + Read<Half>(bfloat16.Dataset("bfloat16")));
Console.WriteLine("float as int: " + Read<int>(numbers.Dataset("float")));
Console.WriteLine("int as float: " + Read<float>(numbers.Dataset("int")));
Console.WriteLine("float as double: " + Read<double>(numbers.Dataset("float")));

static string Read<T>(IH5Dataset dataset)
{
    try
    {
        return string.Join(" ", dataset.Read<T[]>());
    }
    catch (Exception e)
    {
        return "throws " + (e.InnerException ?? e).Message;
    }
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
echo ".NET $(dotnet --version), PureHDF 2.2.0"
./out/probe | tee seen.txt
cat >hdf5.py <<'PY'
import h5py, numpy
read = numpy.empty(4, "f4")
h5py.File("bfloat16.h5")["bfloat16"].id.read(h5py.h5s.ALL, h5py.h5s.ALL, read)
print("bfloat16 as float by HDF5 " + h5py.version.hdf5_version + ":", *read)
PY
python3 hdf5.py 2>/dev/null || echo "no h5py here: HDF5's own reading is left out"
cat >expected.txt <<'TXT'
bfloat16 as Half: 1.875 -2.062 2.143 3.39
float as int: 1065353216 -1071644672 1120403456
int as float: 1E-45 3E-45 4E-45
float as double: throws Unable to decode values types of different type size.
TXT
if diff seen.txt expected.txt; then
    echo "as found: the bits are taken as they stand; stored were 1 -2.5 3.140625 100, 1 -2.5 100, and 1 2 3"
else
    echo "changed: expected the numbers marked >"
    exit 1
fi
