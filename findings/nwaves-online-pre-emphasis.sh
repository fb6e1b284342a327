#!/usr/bin/env bash
# NWaves 0.9.6: features that are computed chunk by chunk depend on the chunks where pre-emphasis is on.
#
# Guess: OnlineFeatureExtractor keeps what it needs of the last chunk, so that its MFCC are those of the whole signal.
# Found: so they are without pre-emphasis. With it, coefficients of some frames differ by as much as 0.06, unless the signal is one chunk. A
# network that is trained on whole recordings and served with a stream sees other features, without an error.
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
using NWaves.FeatureExtractors;
using NWaves.FeatureExtractors.Base;
using NWaves.FeatureExtractors.Options;
using NWaves.Signals;

Console.WriteLine($".NET {Environment.Version}, NWaves {typeof(DiscreteSignal).Assembly.GetName().Version}");
double without = Difference(0, 1000), with = Difference(0.97, 1000), whole = Difference(0.97, 16000);
return without < 1e-4 && with > 0.01 && whole < 1e-4 ? 0 : 1;

static double Difference(double emphasis, int chunk)
{
    var random = new Random(2);
    float[] noise = [.. Enumerable.Range(0, 16000).Select(_ => random.NextSingle() - 0.5f)];
    MfccExtractor Extractor() => new(new MfccOptions
    {
        SamplingRate = 16000, FeatureCount = 13, FrameDuration = 0.025, HopDuration = 0.010, PreEmphasis = emphasis,
    });
    var wanted = Extractor().ComputeFrom(noise);
    var online = new OnlineFeatureExtractor(Extractor());
    var got = noise.Chunk(chunk).SelectMany(online.ComputeFrom).ToList();
    double difference = wanted.Zip(got).Max(pair => pair.First.Zip(pair.Second).Max(two => Math.Abs(two.First - two.Second)));
    Console.WriteLine($"pre-emphasis {emphasis}, chunks of {chunk}: {got.Count} of {wanted.Count} frames, largest difference {difference:0.0000}");
    return difference;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: with pre-emphasis the features depend on the chunks"
else
    echo "changed: expected differences with pre-emphasis and chunks alone"
    exit 1
fi
