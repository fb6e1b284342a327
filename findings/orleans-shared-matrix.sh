#!/usr/bin/env bash
# Orleans 10.4.2: a message that holds one float[,] (or one Stack) twice cannot be read; within a silo it passes.
#
# Guess: an object that a message holds twice is sent once and arrives as one object, as with float[], List and all other types.
# Found: the second place of a multidimensional array is read as a one-dimensional one, that of a Stack as an array: the receiver throws
# InvalidCastException. Writing succeeds, and the deep copy that calls within one silo use succeeds (for the matrix it makes two of one),
# so tied weights or a matrix listed twice work on one silo and fail as soon as the grains are on two.
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
    <PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="10.0.5" />
    <PackageReference Include="Microsoft.Orleans.Serialization" Version="10.4.2" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

Console.WriteLine($".NET {Environment.Version}, Orleans 10.4.2");
using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
var serializer = services.GetRequiredService<Serializer>();
var copier = services.GetRequiredService<DeepCopier>();
string vector = Try("float[]", new float[] { 1, 2 }), matrix = Try("float[,]", new float[,] { { 1, 2 }, { 3, 4 } });
string cube = Try("float[,,]", new float[,,] { { { 1 } } }), stack = Try("Stack<int>", new Stack<int>([1, 2]));
string list = Try("List<int>", new List<int> { 1, 2 });
return (vector, list) == ("shared", "shared") && (matrix, cube, stack) == ("InvalidCastException", "InvalidCastException", "InvalidCastException") ? 0 : 1;

string Try<T>(string name, T value) where T : class
{
    T[] twice = [value, value];
    T[] copied = copier.Copy(twice)!;
    byte[] bytes = serializer.SerializeToArray(twice);
    string outcome;
    try
    {
        T[] read = serializer.Deserialize<T[]>(bytes)!;
        outcome = ReferenceEquals(read[0], read[1]) ? "shared" : "two objects";
    }
    catch (Exception exception)
    {
        outcome = exception.GetType().Name;
    }

    Console.WriteLine($"{name} twice: copied within a silo {(ReferenceEquals(copied[0], copied[1]) ? "shared" : "two objects")}," +
        $" written {bytes.Length} bytes, read {outcome}");
    return outcome;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: a matrix or a stack that a message holds twice cannot be read"
else
    echo "changed: expected InvalidCastException of float[,], float[,,] and Stack, none of float[] and List"
    exit 1
fi
