using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Specs;

/// <summary><c>tbptt validate</c>: checks a spec and prints the sizes of its run. Starts nothing.</summary>
internal static class ValidateCommand
{
    /// <summary>Checks the spec, and writes the sizes.</summary>
    /// <exception cref="SpecException">The spec or its data have problems.</exception>
    public static int Run(ISpecChecker checker, string path, IReadOnlyList<string> sets, Terminal terminal)
    {
        var result = checker.Check(path, sets);
        RunSpec spec = result.Spec;
        var layout = ParameterLayout.Of(spec.Model);
        var output = terminal.Out;
        output.WriteLine($"{Text.OneLine(path)}: valid");
        output.WriteLine(
            $"model       {spec.Model.Cell.Word}, {Text.Plural(spec.Model.Layers, spec.Model.LayerNoun)} of " +
            $"{Text.Plural(spec.Model.HiddenSize, "unit")}, {Inputs(spec.Model)}");
        output.WriteLine($"parameters  {Text.Count(layout.Length)}");
        output.WriteLine(
            $"data        {spec.Data.Source.Word}{string.Concat(spec.Data.Source.Paths.Select(file => $" {Text.OneLine(file)}"))}");
        DataCommand.WriteParts(result.Description, output);
        output.WriteLine($"lanes       {spec.Data.BatchSize}, over {Text.Team(spec.Train.Trainers, spec.Train.ShardCount)}"
            + (spec.Train.Threads > 1 ? $", {spec.Train.Threads} threads each" : ""));
        output.WriteLine($"chunks      {Chunks(spec)}");
        output.WriteLine($"steps       {Text.Count(result.StepsPerEpoch)} per epoch, {Text.Plural(spec.Train.Epochs, "epoch")}");
        foreach (string line in RecipeLines.Of(spec, result.StepsPerEpoch))
            output.WriteLine(line);
        return ExitCode.Completed;
    }

    private static string Inputs(ModelSpec model) => model.Embedding is { } embedding
        ? $"{embedding.Vocabulary} tokens embedded in {embedding.Size}, {Text.Plural(model.OutputSize ?? 0, "output")}"
        : $"{Text.Plural(model.InputSize ?? 0, "input")}{Columns(model)}, {Text.Plural(model.OutputSize ?? 0, "output")}";

    private static string Columns(ModelSpec model) => model.Embeddings.Pairs.Count == 0 ? ""
        : $" ({string.Join(", ", model.Embeddings.Pairs.Select(column =>
            $"{column.Value} of them {Text.Count(model.Classes.Of(column.Key, 0))} classes of {Text.OneLine(column.Key)}"))})";

    private static string Chunks(RunSpec spec) => spec.TakesWholeSequences ? "whole sequences, in one piece each" : Chunks(spec.Tbptt);

    private static string Chunks(TbpttSpec tbptt) => tbptt.Backprop.IsFull
        ? $"whole sequences, in pieces of {Text.Plural(tbptt.ChunkLength!.Value, "time step")}"
        : tbptt.RandomLength is not null
        ? $"of random lengths around {Text.Plural(tbptt.ChunkLength!.Value, "time step")}"
        : tbptt.WindowChunks > 1
        ? $"of {Text.Plural(tbptt.ChunkLength!.Value, "time step")}, in windows of {Text.Plural(tbptt.WindowChunks, "chunk")}"
        : tbptt.ChunkLength is { } length ? $"of {Text.Plural(length, "time step")}" : $"{tbptt.ChunkCount} per sequence";
}
