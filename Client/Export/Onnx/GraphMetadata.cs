using System.Text.Encodings.Web;
using System.Text.Json;
using Onnx;
using Orleans.Tbptt.Client.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>What a graph says of its model: names in the order of inputs and outputs, hashes, and the package's configuration.</summary>
internal static class GraphMetadata
{
    /// <summary>Names stay as they are: nothing of this is put into a page.</summary>
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The metadata.</summary>
    /// <param name="package">The model.</param>
    /// <param name="columns">The columns of the table that was trained on; null for none.</param>
    /// <param name="states">The states, an input and an output each.</param>
    /// <param name="fromEnd">Whether the initial state is that at the end of training.</param>
    public static IEnumerable<StringStringEntryProto> Of(
        ModelPackage package, ModelColumns? columns, IReadOnlyList<(string Input, string Output)> states, bool fromEnd)
    {
        var config = package.Config;
        List<(string Key, string Value)> all =
        [
            ("product", $"Orleans.Tbptt {config.Product}"), ("run", config.Run), ("step", $"{config.Steps}"),
            ("spec_sha256", config.Hashes.Spec), ("data_sha256", config.Hashes.Data), ("weights_sha256", config.Hashes.Weights),
            ("states", JsonSerializer.Serialize(states.ToDictionary(one => one.Input, one => one.Output), Json)),
            ("from_state", fromEnd ? PredictCommand.End : package.Spec.Model.LearnInitialState ? "learned" : PredictCommand.Zero),
        ];
        if (columns is not null)
        {
            all.Add(("values", Names(columns.Values.Select(one => one.Name))));
            all.Add(("classes", Names(columns.Classes.Select(one => one.Name))));
            all.Add(("known", Names(columns.Known)));
            all.Add(("series", Names(columns.Series)));
            all.Add(("forecasts", Names(columns.Headings)));
        }

        all.Add(("config", config.Write()));
        return all.Select(one => new StringStringEntryProto { Key = one.Key, Value = one.Value });
    }

    private static string Names(IEnumerable<string> names) => JsonSerializer.Serialize(names, Json);
}
