using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Reads configurations of packages that anybody may have written: what the pages show of them is all there.</summary>
internal static class ModelConfigFile
{
    /// <summary>The largest file that is read: 100,000 tokens and some thousand columns take a few MiB.</summary>
    public const long MostBytes = 64L << 20;

    /// <summary>Figures that lists keep.</summary>
    private const int KeptMetrics = 6;

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It is too large, or none of this version.</exception>
    public static ModelConfig Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > MostBytes)
            throw new JsonException($"found {Text.Count(file.Length)} bytes, expected at most {Text.Count(MostBytes)}");
        using var reader = new StreamReader(file);
        var config = ModelConfig.Read(reader.ReadToEnd());
        if (config.Format > ModelConfig.CurrentFormat)
        {
            throw new JsonException(
                $"found format {config.Format}, expected {ModelConfig.CurrentFormat} or less; use a newer version of tbptt");
        }

        // The reader takes null for a value of any type.
        return NullIn(config) is { } key ? throw new JsonException($"found null for {key}, expected a value; export the model again")
            : config;
    }

    /// <summary>What lists show of a configuration, without what may be large.</summary>
    public static ModelConfig Essentials(ModelConfig config) => config with
    {
        Columns = [], Tokens = [], Files = [], Spec = "",
        Metrics = [.. config.Metrics.Where(metric => metric.Series is null).Take(KeptMetrics)],
    };

    private static string? NullIn(ModelConfig config)
    {
        (string Key, bool IsNull)[] values =
        [
            ("product", config.Product is null), ("run", config.Run is null), ("cell", config.Cell is null), ("loss", config.Loss is null),
            ("data", config.Data is null), ("spec", config.Spec is null), ("inputs", HasNull(config.Inputs)),
            ("targets", HasNull(config.Targets)), ("tokens", HasNull(config.Tokens)), ("columns", HasNull(config.Columns, IsWhole)),
            ("metrics", HasNull(config.Metrics, IsWhole)),
            ("files", HasNull(config.Files, file => file is { Path: not null, Sha256: not null })),
            ("hashes", config.Hashes is not { Spec: not null, Data: not null, Weights: not null }),
        ];
        return values.FirstOrDefault(value => value.IsNull).Key;
    }

    private static bool HasNull<T>(IReadOnlyList<T>? all, Func<T, bool>? isWhole = null) where T : class =>
        all is null || all.Any(one => one is null || isWhole?.Invoke(one) == false);

    private static bool IsWhole(Metric metric) => metric is { Name: not null, Unit: not null };

    private static bool IsWhole(ColumnDescription column) =>
        column is { Name: not null, Use: not null, Histogram: not null } && !HasNull(column.Suspects)
        && !HasNull(column.Classes, one => one.Name is not null);
}
