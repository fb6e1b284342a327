#!/usr/bin/env bash
# OpenTelemetry 1.20.1: an exponential histogram drops negative values whole; one with explicit buckets counts them.
#
# Guess: a view that changes the kind of a histogram changes its buckets only: count, sum, minimum and maximum stay those of what was
# recorded.
# Found: with Base2ExponentialBucketHistogramConfiguration negative values are not counted, not summed and not the minimum: of -3, -0.5, 0,
# 2, 4 the count is 3, the sum 6, the minimum 0; with explicit buckets 5, 2.5 and -3. Nothing is logged, although the exported format has
# buckets for them. Rewards, log-likelihoods and differences of losses lose their negative part when a view changes to exponential
# histograms.
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
    <PackageReference Include="OpenTelemetry" Version="1.20.1" />
    <PackageReference Include="OpenTelemetry.Exporter.InMemory" Version="1.20.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

Console.WriteLine($".NET {Environment.Version}, OpenTelemetry 1.20.1, recorded -3, -0.5, 0, 2, 4");
var explicitly = Record("explicit buckets", builder => builder);
var exponentially = Record("exponential", builder => builder.AddView("reward", new Base2ExponentialBucketHistogramConfiguration()));
return explicitly == (5, 2.5, -3, 4) && exponentially == (3, 6, 0, 4) ? 0 : 1;

static (long Count, double Sum, double Minimum, double Maximum) Record(string name, Func<MeterProviderBuilder, MeterProviderBuilder> view)
{
    List<Metric> metrics = [];
    using var meter = new Meter(name);
    using var provider = view(Sdk.CreateMeterProviderBuilder().AddMeter(name)).AddInMemoryExporter(metrics).Build();
    var histogram = meter.CreateHistogram<double>("reward");
    foreach (double value in (double[])[-3, -0.5, 0, 2, 4])
    {
        histogram.Record(value);
    }

    provider.ForceFlush();
    var points = metrics[0].GetMetricPoints().GetEnumerator();
    points.MoveNext();
    ref readonly MetricPoint point = ref points.Current;
    point.TryGetHistogramMinMaxValues(out double minimum, out double maximum);
    Console.WriteLine($"{name}: count {point.GetHistogramCount()}, sum {point.GetHistogramSum()}, minimum {minimum}, maximum {maximum}");
    return (point.GetHistogramCount(), point.GetHistogramSum(), minimum, maximum);
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: negative values are missing from the exponential histogram"
else
    echo "changed: expected a count of 3 and a sum of 6 from the exponential one"
    exit 1
fi
