using System.Globalization;
using System.Runtime.Intrinsics;
using System.Text;
using ScottPlot;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>Writes <c>docs/performance.md</c> and its plot: replaces the part between the page's markers.</summary>
internal static class PerformancePage
{
    private const string Begin = "<!-- figures: engines -->";
    private const string End = "<!-- end of figures -->";

    /// <summary>Replaces the page's tables, and draws the plot next to it.</summary>
    /// <param name="page">The page.</param>
    /// <param name="engines">The results of each case.</param>
    /// <param name="scaling">The results of two trainers against one.</param>
    public static void Write(string page, IReadOnlyList<CaseResult> engines, IReadOnlyList<ScalingResult> scaling)
    {
        string text = File.Exists(page) ? File.ReadAllText(page) : $"# Performance\n\n{Begin}\n{End}\n";
        int begin = text.IndexOf(Begin, StringComparison.Ordinal), end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new InvalidDataException($"{page} has no lines '{Begin}' and '{End}' to write the figures between; restore them");
        File.WriteAllText(page, text[..(begin + Begin.Length)] + "\n" + Tables(engines, scaling) + text[end..]);
        Plot(Path.ChangeExtension(page, ".png"), engines);
    }

    private static string Tables(IReadOnlyList<CaseResult> engines, IReadOnlyList<ScalingResult> scaling)
    {
        var text = new StringBuilder();
        int bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Measured on {Processor()}, {Environment.ProcessorCount} cores, registers of {bits} bits.").AppendLine();
        text.AppendLine(
            "| one layer of LSTM, unless noted | contestant | µs of the processor | times the fused engine's | GFLOP/s | of the peak |")
                .AppendLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (one, standings, peak) in engines)
        {
            foreach (var standing in standings)
            {
                bool isFirst = standing == standings[0];
                string title = isFirst ? $"{one.Name} ({one.Sizes})" : "";
                double gigaflops = one.Gigaflops(standing);
                text.Append(CultureInfo.InvariantCulture, $"| {title} | {standing.Name} | {standing.Microseconds:#,0.#} ");
                text.Append(CultureInfo.InvariantCulture, $"| {standing.Ratio:f2} ");
                text.AppendLine(CultureInfo.InvariantCulture, $"| {gigaflops:f0} | {100 * gigaflops / peak:f0} % |");
            }
        }

        if (scaling.Count == 0)
            return text.AppendLine().ToString();
        text.AppendLine().AppendLine("| two trainers on one silo | × one trainer | two processes × one |")
            .AppendLine("| --- | --- | --- |");
        foreach (var result in scaling)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {result.Name} | {result.Trainers:f2} | {result.Processes:f2} |");
        return text.AppendLine().ToString();
    }

    private static void Plot(string path, IReadOnlyList<CaseResult> engines)
    {
        var plot = new Plot();
        plot.Title("Chunk-step on one thread: times the fused engine's (logarithmic; lower is better)");
        string[] names = [.. engines.SelectMany(one => one.Standings).Select(standing => standing.Name).Distinct()];
        double width = 0.8 / names.Length;
        foreach (var (name, i) in names.Select((name, i) => (name, i)))
        {
            var bars = plot.Add.Bars(
                [.. engines.Select((_, at) => at + (i - (names.Length - 1) / 2.0) * width)],
                [.. engines.Select(one => Math.Log10(one.Standings.FirstOrDefault(standing => standing.Name == name)?.Ratio ?? 1))]);
            bars.LegendText = name;
            foreach (var bar in bars.Bars)
            {
                bar.Size = width;
                bar.Label = Math.Pow(10, bar.Value).ToString(bar.Value < 2 ? "f1" : "f0", CultureInfo.InvariantCulture);
            }

            bars.ValueLabelStyle.FontSize = 10;
        }

        plot.Axes.Bottom.SetTicks([.. engines.Select((_, at) => (double)at)], [.. engines.Select(one => one.Case.Name.Replace(" ", "\n"))]);
        plot.Axes.Left.SetTicks([0, 1, 2, 3], ["1", "10", "100", "1,000"]);
        plot.Axes.Margins(bottom: 0, top: 0.15);
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePng(path, 1200, 500);
    }

    private static string Processor() =>
        File.Exists("/proc/cpuinfo")
            && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':') + 1)..].Trim() : "this machine";
}
