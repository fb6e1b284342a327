using System.Globalization;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Wording;

/// <summary>Formats figures as text: invariant culture, few digits.</summary>
public static class Text
{
    /// <summary>The devices of a silo, each with what is in use of it as far as that is known, and those that are lost.</summary>
    public static IEnumerable<string> Devices(SiloReport silo) => silo.Devices.Except(silo.LostDevices)
        .Select(device => silo.Gpus.FirstOrDefault(gpu => gpu.Device == device) is { } gpu ? Use(gpu) : device)
        .Concat(silo.LostDevices.Select(device => $"{device} (lost)"));

    /// <summary>The targets whose errors one line has.</summary>
    private const int ShownTargets = 3;

    /// <summary>A loss or metric: six significant digits.</summary>
    public static string Figure(double value) =>
        double.IsFinite(value) ? value.ToString("G6", CultureInfo.InvariantCulture) : "not finite";

    /// <summary>A count, with commas.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A rate per second.</summary>
    public static string Rate(double value) => value >= 100
        ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value.ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>A speed: <c>12.5 steps/s, 2,500 sequence steps/s</c>.</summary>
    public static string Speed(double steps, double sequenceSteps) => $"{Rate(steps)} steps/s, {Rate(sequenceSteps)} sequence steps/s";

    /// <summary>The mean speed of a run that took <paramref name="seconds"/>; empty when that is not above 0.</summary>
    public static string MeanSpeed(long steps, long sequenceSteps, double seconds) =>
        seconds > 0 ? $"{Speed(steps / seconds, sequenceSteps / seconds)} on average" : "";

    /// <summary>A duration in seconds, to a tenth below a minute: <c>3.4 s</c>, <c>2:05</c>, <c>1:02:05</c>.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0 || seconds > TimeSpan.MaxValue.TotalSeconds / 2)
            return "?";
        if (seconds < 59.95)
            return string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
        var span = TimeSpan.FromSeconds(Math.Round(seconds));
        return span.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}:{span.Seconds:00}");
    }

    /// <summary>A duration in whole seconds below a minute: <c>3 s</c>, <c>2:05</c>.</summary>
    public static string WholeSeconds(double seconds) => seconds is >= 0 and < 59.5 ? $"{Math.Round(seconds)} s" : Duration(seconds);

    /// <summary>Text cut to <paramref name="room"/> characters, with an ellipsis where it was cut.</summary>
    public static string Fit(string text, int room) => text.Length <= room ? text : room < 1 ? "" : $"{text[..(room - 1)]}…";

    /// <summary>A metric: <c>validation RMSE 3.2 kW</c>.</summary>
    public static string Figure(Metric metric) => OneLine($"{metric.Name} {Figure(metric.Value)} {metric.Unit}").TrimEnd();

    /// <summary>What a metric is, without its value, different for each of an evaluation: <c>validation RMSE in kW of north</c>.</summary>
    public static string Title(Metric metric) => $"{metric.Name}{(metric.Unit.Length > 0 ? $" in {metric.Unit}" : "")}"
        + (metric.Series is { } series ? $" of {series}" : "");

    /// <summary>A loss, followed by the metrics derived from it: <c>0.068 (RMSE 17.6 sunspots)</c>.</summary>
    /// <param name="value">The loss.</param>
    /// <param name="kind">Which loss it is.</param>
    /// <param name="metrics">The metrics of its epoch; those of other kinds are left out.</param>
    public static string Loss(double value, MetricKind kind, IEnumerable<Metric> metrics)
    {
        // The loss's label stands before its value, so that the metrics' names need not repeat it.
        string label = State(kind);
        var targets = metrics.Where(metric => metric.Kind == kind && metric.Series is null).GroupBy(metric => metric.Unit).ToList();
        string readings = string.Join("; ", targets.Take(ShownTargets).Select(target => OneLine($"{string.Join(", ", target.Select(
            metric => $"{Short(metric.Name, label)} {Figure(metric.Value)}".Trim()))} {target.Key}")));
        string more = targets.Count > ShownTargets ? $"; {Plural(targets.Count - ShownTargets, "more target")}" : "";
        return readings.Length == 0 ? Figure(value) : $"{Figure(value)} ({readings}{more})";
    }

    /// <summary>What figures are over: <c>3 sequences of 90 time steps, 180 target elements</c>.</summary>
    public static string Size(HeldOutSize size) =>
        $"{Plural(size.Sequences, "sequence")} of {Plural(size.Steps, "time step")}, {Plural(size.Elements, "target element")}";

    /// <summary><c>1 step</c>, <c>2 steps</c>.</summary>
    public static string Plural(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary><c>3 trainers</c>, and where they have more shards than one each, <c>3 trainers on 8 shards</c>.</summary>
    public static string Team(int trainers, int shards) =>
        Plural(trainers, "trainer") + (shards > trainers ? $" on {Plural(shards, "shard")}" : "");

    /// <summary>A state as the run's files write it.</summary>
    public static string State<T>(T state) where T : struct, Enum => Enum.GetName(state)?.ToLowerInvariant() ?? "unknown";

    /// <summary>Untrusted text on one line, without control characters.</summary>
    public static string OneLine(string text) => Printable(text).Trim();

    private static string Short(string name, string label) =>
        name.StartsWith(label, StringComparison.Ordinal) ? name[label.Length..].TrimStart() : name;

    /// <summary>As <see cref="OneLine"/>, with the space at both ends kept.</summary>
    public static string Printable(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Replace('\t', ' ')
            .Select(character => char.IsControl(character) ? '\uFFFD' : character));

    private static string Use(GpuUse gpu)
    {
        string?[] parts =
        [
            gpu is { MemoryUsed: { } used, MemoryTotal: { } total } ? $"{Gibibytes(used)} of {Gibibytes(total)} GiB"
                : gpu.MemoryTotal is { } all ? $"{Gibibytes(all)} GiB" : null,
            gpu.Busy is { } busy ? string.Create(CultureInfo.InvariantCulture, $"{busy:P0} busy") : null,
        ];
        string said = string.Join(" ", parts.OfType<string>());
        return said.Length > 0 ? $"{gpu.Device} ({said})" : gpu.Device;
    }

    private static string Gibibytes(long bytes) => (bytes / (double)(1 << 30)).ToString("0.0", CultureInfo.InvariantCulture);
}
