using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Data.Text.Tokenizers;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Makes the configuration of a package from the files of a run. It says nothing of the machine.</summary>
internal static class RunConfig
{
    /// <summary>The configuration of the model that a run leaves.</summary>
    public static ModelConfig Of(
        RunStatus status, RunSpec spec, string text, RunData data, ReadOnlySpan<float> parameters)
    {
        var contents = data.Description?.Contents ?? SourceDescription.None;
        text = WithoutDirectories(text, spec);
        int epochs = status.Output?.Epoch ?? status.EpochLosses.Count;
        return new()
        {
            Product = ProtocolVersion.Product,
            Run = status.Id,
            Cell = spec.Model.Cell.Word,
            Layers = spec.Model.Layers,
            HiddenSize = spec.Model.HiddenSize,
            Bidirectional = spec.Model.Bidirectional ? true : null,
            InputSize = spec.Model.InputSize,
            OutputSize = spec.Model.OutputSize!.Value,
            Loss = spec.Train.Loss.Word,
            Inputs = contents.Inputs,
            Targets = contents.Targets,
            Predictions = spec.Train.Loss.OutputsPerTarget == 1 ? null
                : spec.Data.Source is TableSource table ? table.PredictionsOf(contents.Targets, spec.Train.Loss.Predictions)
                : [.. contents.Targets.SelectMany(target => spec.Train.Loss.Predictions.Select(one => one.NameOf(target)))],
            Tokens = contents.Tokens,
            Columns = contents.Columns,
            Steps = status.Output?.Step ?? status.Step,
            Epochs = epochs,
            Output = status.Output?.Kind,
            IsAverage = status.Output is { IsAverage: true } ? true : null,
            TrainingLoss = LossOf(status.EpochLosses, epochs),
            ValidationLoss = LossOf(status.ValidationLosses, epochs),
            TestLoss = status.Test?.Figures.Loss,
            Metrics =
            [
                .. (status.Output?.Metrics ?? status.Metrics).Where(metric => !GradientLags.IsOne(metric)),
                .. status.Test?.Figures.Metrics ?? [],
            ],
            Hashes = new(
                HashOf(Encoding.UTF8.GetBytes(text)),
                HashOf(data.Files), HashOf(parameters)),
            Arithmetic = status.Arithmetic.Length > 0 ? status.Arithmetic : null,
            StateHash = status.StateHash,
            Files = [.. data.Files.Select(file => file with { Path = Path.GetFileName(file.Path) })],
            Data = data.Description?.Summary ?? status.Data,
            Spec = text,
        };
    }

    private static double? LossOf(IReadOnlyList<double> losses, int epoch) =>
        epoch > 0 && epoch <= losses.Count ? losses[epoch - 1] : null;

    /// <summary>
    /// A spec's text with the names of files instead of their paths: the same model has the same package wherever its data lay, and says
    /// nothing of the machine.
    /// </summary>
    public static string WithoutDirectories(string text, RunSpec spec)
    {
        IEnumerable<SourcePath> reads =
            [.. spec.Data.Source.Reads, .. spec.Data.Validation?.Source?.Reads ?? [], .. spec.Data.Test?.Source?.Reads ?? []];
        if (spec.Extends is { } extends)
            text = text.Replace(extends.Checkpoint, extends.Checkpoint[(extends.Run.LastIndexOf('/') + 1)..], StringComparison.Ordinal);
        string[] paths = [.. reads.Select(read => read.Path), .. spec.Model.InitFrom is { } weights ? [weights] : Array.Empty<string>()];
        foreach (string path in paths.Distinct(StringComparer.Ordinal).OrderByDescending(path => path.Length))
        {
            if (path == TokenizerOf(spec))
            {
                text = text.Replace(path, ModelPackage.TokenizerFile, StringComparison.Ordinal);
                continue;
            }

            int wildcard = path.IndexOf('*', StringComparison.Ordinal);
            int name = path.LastIndexOf('/', wildcard < 0 ? path.Length - 1 : wildcard) + 1;
            text = text.Replace(path, path[name..], StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The path of the tokenizer that makes a spec's tokens; null where none does.</summary>
    public static string? TokenizerOf(RunSpec spec) => (spec.Data.Source as TokenSource)?.Tokenizer;

    /// <summary>SHA-256 of numbers, in small hexadecimal digits.</summary>
    public static string HashOf(ReadOnlySpan<float> values) => HashOf(MemoryMarshal.AsBytes(values));

    /// <summary>SHA-256 of bytes, in small hexadecimal digits.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>SHA-256 of the files' own, one a line, in their order.</summary>
    public static string HashOf(IReadOnlyList<DataFile> files) =>
        HashOf(Encoding.UTF8.GetBytes(string.Concat(files.Select(file => $"{file.Sha256}\n"))));
}
