using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>
/// The time of PyTorch's gloo to sum as many numbers of two processes, where Python has torch: <c>gloo_all_reduce.py</c>.
/// </summary>
/// <param name="Version">PyTorch's version.</param>
/// <param name="Microseconds">Microseconds per all-reduce.</param>
internal sealed record Gloo(string Version, double Microseconds)
{
    /// <summary>Measures; null where there is no Python with torch.</summary>
    /// <param name="count">How many float32 numbers.</param>
    public static Gloo? Measure(int count)
    {
        try
        {
            var start = new ProcessStartInfo("python3",
                [Path.Combine(AppContext.BaseDirectory, "gloo_all_reduce.py"), $"{count}"]) { RedirectStandardOutput = true };
            using var process = Process.Start(start)!;
            string[] words = process.StandardOutput.ReadToEnd().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            process.WaitForExit();
            return words is [var version, var microseconds] ? new(version, double.Parse(microseconds, CultureInfo.InvariantCulture)) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
