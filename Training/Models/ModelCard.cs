using System.Globalization;
using System.Text;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The model card of a package: Markdown with a head of YAML, by Hugging Face's convention.</summary>
internal static class ModelCard
{
    /// <summary>The card of a model.</summary>
    public static string Of(ModelConfig config, RunSpec spec)
    {
        var text = new StringBuilder();
        Line("---");
        Line("library_name: tbptt");
        Line($"tags: [recurrent, {config.Cell}]");
        Line("---");
        Line($"# {spec.Name}");
        Line("");
        Line($"A recurrent network, {config.Cell} with {Count(config.Layers, config.LayerNoun)} of {Count(config.HiddenSize, "unit")}, "
            + $"trained by truncated backpropagation through time for {Count(config.Epochs, "epoch")} ({Count(config.Steps, "step")}) as "
            + $"run `{config.Run}` by Orleans.Tbptt {config.Product}.");
        if (Parameters(config) is { } which)
        {
            Line("");
            Line($"Its parameters are {which}.");
        }

        Line("");
        Line("## Data");
        Line("");
        Line(config.Data.Length > 0 ? config.Data : "Not recorded.");
        if (config.Files.Count > 0)
        {
            Line("");
            Line("| file | bytes | SHA-256 |");
            Line("| --- | --- | --- |");
            foreach (var file in config.Files)
                Line($"| {Cell(file.Path)} | {file.Length.ToString("N0", CultureInfo.InvariantCulture)} | `{file.Sha256}` |");
        }

        Line("");
        Line("## Results");
        Line("");
        Line("| figure | value |");
        Line("| --- | --- |");
        string epoch = config.Output == "best" ? $"epoch {config.Epochs}" : "last epoch";
        if (config.TrainingLoss is { } loss)
            Line($"| training loss ({config.Loss}), {epoch} | {Figure(loss)} |");
        if (config.ValidationLoss is { } held)
            Line($"| validation loss ({config.Loss}), {epoch} | {Figure(held)} |");
        if (config.TestLoss is { } test)
            Line($"| test loss ({config.Loss}), at the end | {Figure(test)} |");
        foreach (var metric in config.Metrics.Where(metric => metric is { Kind: not MetricKind.Training, Series: null }))
            Line($"| {Cell(metric.Name)} | {Figure(metric.Value)} {Cell(metric.Unit)} |");
        Line("");
        Line("## Use");
        Line("");
        Line($"`{ModelPackage.WeightsFile}` has the parameters under PyTorch's names and shapes (`rnn.weight_ih_l0`, …, {Head(spec)}), "
            + $"`{ModelPackage.StateFile}` the hidden state of each of the {spec.Data.BatchSize} lanes at the end of "
            + $"training, `{ModelPackage.ConfigFile}` all that inputs and outputs need: names, order, what scales them, tokens, and "
            + "the spec.");
        Line("");
        if (config.Predictions is { Count: > 0 } predictions)
        {
            string names = string.Join(", ", predictions.Select(name => $"`{Cell(name)}`"));
            Line($"The head has {spec.Train.Loss.OutputsPerTarget} outputs for each target, of which loss `{config.Loss}` makes what is "
                + $"predicted, in this order: {names}.");
            Line("");
        }

        Line("Hashes (SHA-256), which the safetensors files have in their metadata, too:");
        Line("");
        Line($"- spec `{config.Hashes.Spec}`");
        Line($"- data `{config.Hashes.Data}`");
        Line($"- weights `{config.Hashes.Weights}`");
        if (config.StateHash is { } hash)
            Line($"- state at the end of training `{hash}` (XXH3), arithmetic `{config.Arithmetic}`");
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    /// <summary>Which parameters they are; null for those after the last step.</summary>
    private static string? Parameters(ModelConfig config) => (config.Output, config.IsAverage) switch
    {
        ("best", null) => $"those at the end of epoch {config.Epochs}, whose validation loss is the lowest of the run",
        ("best", _) => $"the average of those after each update, at the end of epoch {config.Epochs}, whose validation loss is the lowest "
            + "of the run",
        (not null, _) => "the average of those after each update; the hidden state is the one that training had",
        _ => null,
    };

    private static string Head(RunSpec spec) => ParameterLayout.Of(spec.Model).Head is var weight && weight == ParameterLayout.HeadWeight
        ? $"`{weight}`, `head.bias`" : $"`head.bias`; the head's weight is `{weight}`";

    private static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    private static string Figure(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
