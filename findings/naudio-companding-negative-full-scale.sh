#!/usr/bin/env bash
# NAudio.Core 3.3.0: -32,768 in mu-law and A-law is silence; WriteSample of more than 1 changes sign in 16 bits.
#
# Guess: the lowest sample is encoded as its neighbour -32,767 is: to -32,124 in mu-law. A float above full scale is limited, as 24 and 32
# bits do it.
# Found: -32,768 comes back as -1 in mu-law and -8 in A-law: its negation overflows a short, so that it counts as a tiny number.
# WriteSample(1.5f) writes -0.5 into a file of 16 bits and 1 into one of 24; SampleToWaveProvider16, on the same way, limits. A clipped
# recording gets holes or spikes exactly at its loudest samples.
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
    <PackageReference Include="NAudio.Core" Version="3.3.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using NAudio.Codecs;
using NAudio.Utils;
using NAudio.Wave;

Console.WriteLine($".NET {Environment.Version}, NAudio.Core 3.3.0");
short[] samples = [-32766, -32767, -32768];
short[] mu = [.. samples.Select(MuLawEncoder.LinearToMuLawSample).Select(MuLawDecoder.MuLawToLinearSample)];
short[] a = [.. samples.Select(ALawEncoder.LinearToALawSample).Select(ALawDecoder.ALawToLinearSample)];
Console.WriteLine($"{string.Join(" ", samples)}: mu-law {string.Join(" ", mu)}, A-law {string.Join(" ", a)}");
float sixteen = Written(16), twentyFour = Written(24), thirtyTwo = Written(32);
bool turned = Math.Abs(sixteen + 0.5f) < 1e-3 && twentyFour > 0.999 && thirtyTwo > 0.999;
return mu is [-32124, -32124, -1] && a is [-32256, -32256, -8] && turned ? 0 : 1;

static float Written(int bits)
{
    using var file = new MemoryStream();
    using (var writer = new WaveFileWriter(new IgnoreDisposeStream(file), new WaveFormat(8000, bits, 1)))
    {
        writer.WriteSample(1.5f);
    }

    file.Position = 0;
    using var reader = new WaveFileReader(file);
    float value = reader.ReadNextSampleFrame()[0];
    Console.WriteLine($"WriteSample(1.5f) in {bits} bits: {value:0.0000}");
    return value;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the lowest sample becomes silence"
else
    echo "changed: expected -1 and -8 for -32,768, and -0.5 for 1.5 in 16 bits"
    exit 1
fi
