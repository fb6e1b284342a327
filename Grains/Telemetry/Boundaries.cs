using System.Diagnostics.Metrics;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>Where the buckets of histograms end, each inclusive.</summary>
internal static class Boundaries
{
    /// <summary>Seconds of what happens at every step: a small model's takes under 100 µs, a large one's seconds.</summary>
    public static InstrumentAdvice<double> Step { get; } = Of(
        5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    /// <summary>Seconds of what happens now and then.</summary>
    public static InstrumentAdvice<double> Seldom { get; } = Of(
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600);

    /// <summary>Norms of gradients and hidden states.</summary>
    public static InstrumentAdvice<double> Norm { get; } = Of(
        1e-4, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 1e3, 1e4);

    /// <summary>Rows of a product.</summary>
    public static InstrumentAdvice<long> Rows { get; } = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    /// <summary>Bytes: 256 B to 4 GiB in steps of 4.</summary>
    public static InstrumentAdvice<long> Bytes { get; } = new()
    {
        HistogramBucketBoundaries = [.. Enumerable.Range(4, 13).Select(power => 1L << (2 * power))],
    };

    private static InstrumentAdvice<double> Of(params double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };
}
