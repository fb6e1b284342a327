using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Specs;

/// <summary>Writes specs as YAML that <see cref="SpecLoader"/> reads back to an equal spec, wherever it is read.</summary>
public static partial class SpecWriter
{
    /// <summary>Writes every key that applies to the spec's source and optimizer, defaults too; paths are absolute.</summary>
    /// <exception cref="ArgumentException">A path of a npy source has a comma, for which the source key has no spelling.</exception>
    public static string ToYaml(RunSpec spec)
    {
        var yaml = new StringBuilder();
        Training(yaml, spec, trainers: spec.Train.Trainers);
        Checkpoint(yaml.Append("checkpoint:\n"), spec.Checkpoint);
        return yaml.ToString();
    }

    /// <summary>What a committed state belongs to: the spec less the number of trainers and when checkpoints are taken.</summary>
    internal static string Training(RunSpec spec)
    {
        var yaml = new StringBuilder();
        Training(yaml, spec, trainers: null);
        return yaml.ToString();
    }

    private static void Training(StringBuilder yaml, RunSpec spec, int? trainers)
    {
        Text(yaml, "name", spec.Name);
        Line(yaml, "seed", spec.Seed);
        Text(yaml, "device", spec.Device.Text);
        Text(yaml, "engine", Spelling.Of(Spelling.Engines, spec.Engine));
        Model(yaml.Append("model:\n"), spec.Model);
        Data(yaml.Append("data:\n"), spec.Data);
        yaml.Append("tbptt:\n");
        Line(yaml, "  chunkLength", spec.Tbptt.ChunkLength);
        Line(yaml, "  chunkCount", spec.Tbptt.ChunkCount);
        yaml.Append("train:\n");
        Line(yaml, "  trainers", trainers);
        Line(yaml, "  epochs", spec.Train.Epochs);
        Text(yaml, "  loss", Spelling.Of(Spelling.Losses, spec.Train.Loss));
        Line(yaml, "  clipNorm", spec.Train.ClipNorm);
        Text(yaml, "  wire", Spelling.Of(Spelling.Wires, spec.Train.Wire));
        Optimizer(yaml.Append("  optimizer:\n"), spec.Train.Optimizer);
        Sync(yaml, spec.Train.Sync);
    }

    private static void Model(StringBuilder yaml, ModelSpec model)
    {
        Text(yaml, "  cell", Spelling.Of(Spelling.Cells, model.Cell));
        Line(yaml, "  inputSize", model.InputSize);
        Line(yaml, "  hiddenSize", model.HiddenSize);
        Line(yaml, "  layers", model.Layers);
        Line(yaml, "  outputSize", model.OutputSize);
        if (model.Embedding is { } embedding)
        {
            yaml.Append("  embedding:\n");
            Line(yaml, "    vocabulary", embedding.Vocabulary);
            Line(yaml, "    size", embedding.Size);
        }

        Line(yaml, "  dropout", model.Dropout);
        if (model.InitFrom is { } weights)
            Text(yaml, "  initFrom", weights);
    }

    private static void Data(StringBuilder yaml, DataSpec data)
    {
        Text(yaml, "  source", Source(data));
        Line(yaml, "  batchSize", data.BatchSize);
        if (!data.IsStream)
            Line(yaml, "  shuffle", data.Shuffle);
        Line(yaml, "  validationFraction", data.ValidationFraction);
        switch (data.Source)
        {
            case SourceKind.Average or SourceKind.Sine:
                Line(yaml, "  sequences", data.Sequences);
                Line(yaml, "  sequenceLength", data.SequenceLength);
                break;
            case SourceKind.Csv:
                List(yaml, "  inputs", data.Inputs);
                List(yaml, "  targets", data.Targets);
                Line(yaml, "  horizon", data.Horizon);
                Line(yaml, "  standardize", data.Standardize);
                break;
            case SourceKind.Bytes:
                List(yaml, "  exclude", data.Exclude);
                break;
        }
    }

    private static string Source(DataSpec data)
    {
        if (data.Source == SourceKind.Npy && data.Paths.FirstOrDefault(path => path.Contains(',')) is { } comma)
            throw new ArgumentException($"the path of a npy source cannot have a comma: {comma}", nameof(data));
        string word = Spelling.Of(Spelling.Sources, data.Source);
        return data.Paths.Count == 0 ? word : $"{word}:{string.Join(',', data.Paths)}";
    }

    private static void Optimizer(StringBuilder yaml, OptimizerSpec optimizer)
    {
        Text(yaml, "    name", Spelling.Of(Spelling.Optimizers, optimizer.Name));
        Line(yaml, "    lr", optimizer.Lr);
        if (optimizer.Name == OptimizerKind.Sgd)
            Line(yaml, "    momentum", optimizer.Momentum);
        if (optimizer.Name is OptimizerKind.Adam or OptimizerKind.AdamW)
            yaml.Append($"    betas: [{Number(optimizer.Beta1)}, {Number(optimizer.Beta2)}]\n");
        if (optimizer.Name != OptimizerKind.Sgd)
            Line(yaml, "    eps", optimizer.Eps);
        if (optimizer.Name == OptimizerKind.AdamW)
            Line(yaml, "    weightDecay", optimizer.WeightDecay);
        if (optimizer.Name == OptimizerKind.RmsProp)
            Line(yaml, "    alpha", optimizer.Alpha);
    }

    /// <summary>Not written where it is the default: what specs and checkpoints without it are, and their hashes, stays what it is.</summary>
    private static void Sync(StringBuilder yaml, SyncSpec sync)
    {
        if (sync.Mode == SyncMode.Every)
            return;
        yaml.Append("  sync:\n");
        Text(yaml, "    mode", Spelling.Of(Spelling.SyncModes, sync.Mode));
        Line(yaml, "    chunks", sync.Chunks);
        if (sync.Outer is not { } outer)
            return;
        yaml.Append("    outer:\n");
        Text(yaml, "      name", Spelling.Of(Spelling.OuterOptimizers, outer.Name));
        Line(yaml, "      lr", outer.Lr);
        Line(yaml, "      momentum", outer.Momentum);
    }

    private static void Checkpoint(StringBuilder yaml, CheckpointSpec checkpoint)
    {
        Line(yaml, "  everySteps", checkpoint.EverySteps);
        Line(yaml, "  everySeconds", checkpoint.EverySeconds);
        Line(yaml, "  keepLast", checkpoint.KeepLast);
        Line(yaml, "  keepBest", checkpoint.KeepBest);
    }

    private static void Line(StringBuilder yaml, string key, long? value)
    {
        if (value is { } number)
            yaml.Append(CultureInfo.InvariantCulture, $"{key}: {number}\n");
    }

    private static void Line(StringBuilder yaml, string key, double? value)
    {
        if (value is { } number)
            yaml.Append($"{key}: {Number(number)}\n");
    }

    private static void Line(StringBuilder yaml, string key, bool value) => yaml.Append($"{key}: {(value ? "true" : "false")}\n");

    private static void Text(StringBuilder yaml, string key, string value) => yaml.Append($"{key}: {Quote(value)}\n");

    private static void List(StringBuilder yaml, string key, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
            yaml.Append($"{key}: [{string.Join(", ", values.Select(Quote))}]\n");
    }

    /// <summary>The shortest digits that read back to the same number; with a point, or YAML 1.1 would take 1e-8 for text.</summary>
    private static string Number(double value)
    {
        string digits = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return digits.Contains('e') && !digits.Contains('.') ? digits.Replace("e", ".0e", StringComparison.Ordinal) : digits;
    }

    private static string Quote(string text)
    {
        if (Plain().IsMatch(text) && Scalars.IsText(text) && !Yaml11Boolean().IsMatch(text))
            return text;
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff')
                quoted.Append($"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z/][A-Za-z0-9_./*-]*(:[A-Za-z0-9_./*-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(y|n|yes|no|on|off)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Yaml11Boolean();
}
