#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.15: IndexOfMax of more than 256 bytes, or 65,536 16-bit numbers, returns a wrong index.
#
# Guess: the index is that of the largest element, whatever the type: 990 where the one 9 among 1,000 zeros is at 990.
# Found: positions are counted in the element's own type, so for byte and sbyte the index comes back modulo 256 (222 for 990) and for short
# and ushort modulo 65,536. IndexOfMin and IndexOfMaxMagnitude do the same; int, float and Half are right. The element at the index that is
# returned is not even the largest. Quantised logits over a vocabulary give the wrong token.
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
    <PackageReference Include="System.Numerics.Tensors" Version="10.0.15" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Numerics;
using System.Numerics.Tensors;

Console.WriteLine($".NET {Environment.Version}, System.Numerics.Tensors 10.0.15");
int[] small = [Index<byte>(200), Index<sbyte>(200), Index<short>(200)];
int[] bytes = [Index<byte>(1000), Index<sbyte>(1000)], others = [Index<short>(1000), Index<ushort>(1000), Index<int>(1000), Index<Half>(1000)];
int[] words = [Index<short>(70000), Index<ushort>(70000)], wide = [Index<int>(70000), Index<Half>(70000), Index<float>(70000)];
byte[] nines = [.. Enumerable.Repeat((byte)9, 1000)];
nines[990] = 1;
int least = TensorPrimitives.IndexOfMin<byte>(nines);
Console.WriteLine($"IndexOfMin of 1000 bytes whose least is at 990: {least}");
return small.All(one => one == 190) && bytes.All(one => one == 222) && others.All(one => one == 990) && words.All(one => one == 4454)
    && wide.All(one => one == 69990) && least == 222 ? 0 : 1;

// The one 9 among zeros is the tenth from the end.
static int Index<T>(int length) where T : INumber<T>
{
    T[] values = new T[length];
    values[length - 10] = T.CreateChecked(9);
    int index = TensorPrimitives.IndexOfMax<T>(values);
    Console.WriteLine($"{typeof(T).Name}, {length} elements, largest at {length - 10}: IndexOfMax {index}, where {values[index]} stands");
    return index;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: indices come back modulo the type's range"
else
    echo "changed: expected 222 for 990 of bytes and 4454 for 69990 of 16-bit numbers"
    exit 1
fi
