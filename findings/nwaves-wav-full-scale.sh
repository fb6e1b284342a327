#!/usr/bin/env bash
# NWaves 0.9.6: a sample of 1.0 is written to 16-bit and 8-bit WAV files as -1.
#
# Guess: WaveFile clips: 1.0 becomes 32,767 and 1.2 too, as -1.2 becomes -32,768.
# Found: with 24 and 32 bits it does. With 16 and 8 bits the number wraps around: 1.0 comes back as -1, 1.2 as -0.8. A signal that was scaled
# to a peak of exactly 1 gets a click at every peak, without an error.
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
    <PackageReference Include="NWaves" Version="0.9.6" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using NWaves.Audio;
using NWaves.Signals;

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
float[] eight = Copy(8), sixteen = Copy(16), twentyFour = Copy(24), thirtyTwo = Copy(32);
bool wraps = eight[0] == -1 && sixteen[0] == -1 && sixteen[3] < -0.7 && sixteen[4] > 0.7;
bool clips = twentyFour[0] > 0.99 && thirtyTwo[0] > 0.99 && twentyFour[3] > 0.99 && twentyFour[4] < -0.99;
return wraps && clips && Math.Abs(sixteen[2] - 0.5) < 1e-3 ? 0 : 1;

static float[] Copy(short bits)
{
    float[] samples = [1, -1, 0.5f, 1.2f, -1.2f];
    using var stream = new MemoryStream();
    new WaveFile(new DiscreteSignal(8000, samples), bits).SaveTo(stream);
    float[] read = new WaveFile(new MemoryStream(stream.ToArray()))[0].Samples;
    Console.WriteLine($"{bits} bits: wrote {string.Join(" ", samples)}, read {string.Join(" ", read.Select(one => $"{one:0.000}"))}");
    return read;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: 1.0 wraps around to -1 in 16 and 8 bits"
else
    echo "changed: expected a wrap-around with 16 and 8 bits, and clipping with 24 and 32"
    exit 1
fi
