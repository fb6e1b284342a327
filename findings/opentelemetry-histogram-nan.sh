#!/usr/bin/env bash
# OpenTelemetry 1.20.1: one NaN makes a histogram's sum, least and greatest value NaN for the rest of the process.
#
# Guess: a measurement that is no number is dropped, as the specification asks for sum, min and max of the exponential histogram.
# Found: both kinds of histogram take a NaN into sum, min and max, and count it; sums that are cumulative, which is the default, stay NaN.
# The explicit histogram counts it in the bucket above all bounds; the exponential one puts it into no bucket, so its buckets
# hold fewer values than it counts. A counter's sum becomes NaN likewise. One diverged loss ends a dashboard until the restart.
# The specification: https://opentelemetry.io/docs/specs/otel/metrics/sdk/ (histogram aggregations, handle all normal values)
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
    <PackageReference Include="OpenTelemetry" Version="1.20.1" />
    <PackageReference Include="OpenTelemetry.Exporter.InMemory" Version="1.20.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

Console.WriteLine($".NET {Environment.Version}, OpenTelemetry 1.20.1");
using var meter = new Meter("probe");
var explicitLoss = meter.CreateHistogram<double>("explicit");
var exponentialLoss = meter.CreateHistogram<double>("exponential");
var spent = meter.CreateCounter<double>("counter");
var exported = new List<Metric>();
using var provider = Sdk.CreateMeterProviderBuilder().AddMeter("probe")
    .AddView("explicit", new ExplicitBucketHistogramConfiguration { Boundaries = [1, 10] })
    .AddView("exponential", new Base2ExponentialBucketHistogramConfiguration())
    .AddInMemoryExporter(exported).Build();
foreach (double loss in new[] { 0.5, 2, double.NaN, 0.25 })
{
    explicitLoss.Record(loss);
    exponentialLoss.Record(loss);
    spent.Add(loss);
}

bool asFound = true;
for (int collection = 0; collection < 2; collection++)
{
    exported.Clear();
    provider.ForceFlush();
    foreach (var metric in exported)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (metric.MetricType == MetricType.DoubleSum)
            {
                Console.WriteLine($"{metric.Name}: sum {point.GetSumDouble()}");
                asFound &= double.IsNaN(point.GetSumDouble());
                continue;
            }

            point.TryGetHistogramMinMaxValues(out double least, out double greatest);
            long buckets = 0;
            if (metric.MetricType == MetricType.Histogram)
            {
                foreach (var bucket in point.GetHistogramBuckets())
                {
                    buckets += bucket.BucketCount;
                }
            }
            else
            {
                var data = point.GetExponentialHistogramData();
                buckets = data.ZeroCount;
                foreach (long count in data.PositiveBuckets)
                {
                    buckets += count;
                }
            }

            Console.WriteLine($"{metric.Name}: count {point.GetHistogramCount()}, in buckets {buckets}, sum {point.GetHistogramSum()}," +
                $" least {least}, greatest {greatest}");
            asFound &= point.GetHistogramCount() == 4 + collection && double.IsNaN(point.GetHistogramSum()) && double.IsNaN(least)
                && buckets == (metric.MetricType == MetricType.Histogram ? 4 : 3) + collection;
        }
    }

    explicitLoss.Record(0.5);
    exponentialLoss.Record(0.5);
}

return asFound ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: sums and extremes are NaN"
else
    echo "changed: expected NaN for sums and extremes"
    exit 1
fi
