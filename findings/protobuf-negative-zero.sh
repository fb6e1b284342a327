#!/usr/bin/env bash
# Google.Protobuf 3.36.2: -0 in a field of float or double is not written and comes back as 0.
#
# Guess: a message holds after the wire what it held before; the language guide says that -0 is not the default and is serialized.
# Found: the C# code that protoc generates (here the library's own FloatValue and DoubleValue) leaves out every value that equals 0, so -0
# takes no bytes and loses its sign, while Equals of the two messages says that they differ. Fields with presence (oneof, optional)
# and repeated fields keep it. A loss or a parameter that is compared bit for bit over gRPC differs.
# The guide: https://protobuf.dev/programming-guides/proto3/#default
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
    <PackageReference Include="Google.Protobuf" Version="3.36.2" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

Console.WriteLine($".NET {Environment.Version}, Google.Protobuf 3.36.2");
var single = new FloatValue { Value = -0f };
var number = new DoubleValue { Value = -0.0 };
var present = Value.ForNumber(-0.0);
byte[] singleBytes = single.ToByteArray(), numberBytes = number.ToByteArray(), presentBytes = present.ToByteArray();
var back = FloatValue.Parser.ParseFrom(singleBytes);
Console.WriteLine($"FloatValue -0: {singleBytes.Length} bytes, read {back.Value}, equal to what was written: {back.Equals(single)}");
Console.WriteLine($"DoubleValue -0: {numberBytes.Length} bytes, read {DoubleValue.Parser.ParseFrom(numberBytes).Value}");
double kept = Value.Parser.ParseFrom(presentBytes).NumberValue;
Console.WriteLine($"Value -0, a oneof: {presentBytes.Length} bytes, read {kept}");
return singleBytes.Length == 0 && numberBytes.Length == 0 && !float.IsNegative(back.Value) && !back.Equals(single) && double.IsNegative(kept) ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: -0 is not written"
else
    echo "changed: expected no bytes for -0, and -0 from the oneof"
    exit 1
fi
