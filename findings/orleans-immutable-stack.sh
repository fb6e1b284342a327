#!/usr/bin/env bash
# Orleans 10.4.2: an ImmutableStack of mutable elements is turned upside down by the copy that calls within a silo make.
#
# Guess: a stack arrives in the order in which it was sent, whether it was copied (same silo) or serialized (another silo).
# Found: the copy pushes the elements from the top, so the last pushed becomes the first: 3 2 1 becomes 1 2 3. Serialization keeps the
# order, and so does the copy where the elements are immutable (int, string), because the stack itself is handed over then.
# An undo history or a search frontier of arrays changes with where a grain happens to live.
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
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

Console.WriteLine($".NET {Environment.Version}, Orleans 10.4.2");
using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
var serializer = services.GetRequiredService<Serializer>();
var copier = services.GetRequiredService<DeepCopier>();
var arrays = ImmutableStack<float[]>.Empty.Push([1]).Push([2]).Push([3]);
var numbers = ImmutableStack<int>.Empty.Push(1).Push(2).Push(3);
var stack = new Stack<float[]>([[1], [2], [3]]);
string copied = Text("ImmutableStack<float[]> copied", copier.Copy(arrays)!.Select(one => one[0]));
string read = Text("ImmutableStack<float[]> serialized", serializer.Deserialize<ImmutableStack<float[]>>(serializer.SerializeToArray(arrays))!.Select(one => one[0]));
string plain = Text("ImmutableStack<int> copied", copier.Copy(numbers)!.Select(one => (float)one));
string mutable = Text("Stack<float[]> copied", copier.Copy(stack)!.Select(one => one[0]));
return copied == "1 2 3" && (read, plain, mutable) == ("3 2 1", "3 2 1", "3 2 1") ? 0 : 1;

static string Text(string name, IEnumerable<float> values)
{
    string text = string.Join(" ", values);
    Console.WriteLine($"{name}: {text} (sent 3 2 1)");
    return text;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the copy is upside down"
else
    echo "changed: expected 1 2 3 of the copied immutable stack and 3 2 1 otherwise"
    exit 1
fi
