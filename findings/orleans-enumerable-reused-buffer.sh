#!/usr/bin/env bash
# Orleans 10.4.2: a grain's IAsyncEnumerable that yields one buffer again and again delivers its last content many times.
#
# Guess: what a grain yields is copied when it is yielded, as arguments and results of calls are, so a buffer can be filled anew for each.
# Found: elements that the grain has ready are collected first, up to 100 in a batch, and copied when the batch is sent. All elements of
# a batch are then one object with the last content: 4 4 4 4 4 for a count from 0 to 4. With an await between the elements, or in
# the same loop without Orleans, it is 0 1 2 3 4, so the fault depends on how fast the grain produces.
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
    <PackageReference Include="Microsoft.Orleans.Server" Version="10.4.2" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
builder.UseOrleans(silo => silo.UseLocalhostClustering());
using var host = builder.Build();
await host.StartAsync();
Console.WriteLine($".NET {Environment.Version}, Orleans 10.4.2");
var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICounter>("one");
string ready = await Read("grain, elements ready", grain.Ready()), awaited = await Read("grain, an await before each", grain.Awaited());
string local = await Read("the same method without Orleans", new Counter().Ready());
string fresh = await Read("grain, a new array for each", grain.Fresh());
Environment.Exit((ready, awaited, local, fresh) == ("4 4 4 4 4", "0 1 2 3 4", "0 1 2 3 4", "0 1 2 3 4") ? 0 : 1);

static async Task<string> Read(string name, IAsyncEnumerable<float[]> source)
{
    var values = new List<float>();
    await foreach (float[] chunk in source)
    {
        values.Add(chunk[0]);
    }

    string text = string.Join(" ", values);
    Console.WriteLine($"{name}: {text}");
    return text;
}

public interface ICounter : IGrainWithStringKey
{
    IAsyncEnumerable<float[]> Ready();

    IAsyncEnumerable<float[]> Awaited();

    IAsyncEnumerable<float[]> Fresh();
}

public sealed class Counter : Grain, ICounter
{
    public async IAsyncEnumerable<float[]> Ready()
    {
        await Task.CompletedTask;
        float[] buffer = new float[1];
        for (int i = 0; i < 5; i++)
        {
            buffer[0] = i;
            yield return buffer;
        }
    }

    public async IAsyncEnumerable<float[]> Awaited()
    {
        float[] buffer = new float[1];
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(50);
            buffer[0] = i;
            yield return buffer;
        }
    }

    public async IAsyncEnumerable<float[]> Fresh()
    {
        await Task.CompletedTask;
        for (int i = 0; i < 5; i++)
        {
            yield return [i];
        }
    }
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: elements of one batch are the last content of the buffer"
else
    echo "changed: expected 4 4 4 4 4 of the reused buffer, and 0 1 2 3 4 otherwise"
    exit 1
fi
