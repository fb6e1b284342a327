using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A spec of arrays that lie in one file under names.</summary>
internal static class ContainerDraft
{
    private static readonly string[] Inputs = ["inputs", "x", "x_train", "train_x", "xtrain", "features", "data", "input"];
    private static readonly string[] Targets = ["targets", "y", "y_train", "train_y", "ytrain", "labels", "target", "label", "output"];

    /// <summary>Finds inputs and targets by their names, and writes the spec.</summary>
    /// <param name="file">The source, with its path.</param>
    /// <param name="path">The file.</param>
    /// <param name="source">Its path from the spec's directory.</param>
    /// <param name="spec">The spec's file, for remarks.</param>
    /// <exception cref="DataFaultException">No name says which arrays they are.</exception>
    /// <exception cref="Orleans.Tbptt.Specs.SpecException">They cannot be trained on as they are.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Draft Of(NamedArraySource file, string path, string source, string spec)
    {
        IReadOnlyList<string> names = file.ReadNames();
        string? inputs = Find(names, Inputs), targets = Find(names, Targets);
        if (inputs is null || targets is null || inputs == targets)
        {
            throw new DataFaultException(path, new DataFault(
                names.Count == 0 ? "no arrays" : $"arrays {string.Join(", ", names.Take(12).Select(name => $"'{Text.OneLine(name)}'"))}",
                "two whose names say that they are inputs and targets",
                $"write source: {file.Word}:{Text.OneLine(path)} and members: [INPUTS, TARGETS] in data"));
        }

        bool hasRoles = inputs == "inputs" && targets == "targets";
        NamedArraySource named = hasRoles ? file : file with { Members = [inputs, targets] };
        var (read, run) = Trial.FirstOf([named, named with { Layout = ArrayLayout.Stream }]);
        using (run)
            return Write(read, run, path, source, spec);
    }

    private static Draft Write(NamedArraySource read, PreparedRun run, string path, string source, string spec)
    {
        var part = run.Description.Training;
        bool isStream = read.IsStream;
        var sizes = new StreamSizes(part.Steps, isStream ? StreamSizes.OfRows(part.Steps).Chunk : Math.Min(part.Longest, 25));
        double held = isStream || part.Sequences >= 7 ? sizes.Validation : 0;
        int lanes = sizes.Lanes(most: 64);
        if (!isStream)
        {
            (held, int sequences) = Trial.Sequences(read, held);
            lanes = Math.Min(32, sequences);
        }

        string[] notes = [.. run.Description.Contents.Remarks];
        var text = Draft.Begin(source, spec);
        foreach (string note in notes)
            text.Remark($"{note}.");
        Draft.Head(text, path);
        text.Add("model:")
            .Add("  cell: lstm", "or gru, which has fewer parameters, or rnn")
            .Add("  hiddenSize: 32", "raise it if the training loss stays high, lower it if only the validation loss does")
            .Add("")
            .Add("data:")
            .Add($"  source: {SpecLines.Scalar($"{read.Word}:{source}")}", "relative to this file");
        if (read.Members.Count > 0)
            text.List("  members", read.Members, "inputs, targets and, if there are any, lengths and mask");
        if (read.Layout != ArrayLayout.Auto)
            text.Add("  layout: stream", "the first axis is time; or sequences, where it counts them");
        if (held > 0)
        {
            text.Add($"  validationFraction: {held.ToString(CultureInfo.InvariantCulture)}",
                $"the last {(isStream ? "time steps" : "sequences")} measure the model, never train it");
        }

        text.Add($"  batchSize: {lanes}", "lanes: sequences that are trained at the same time")
            .Add("")
            .Add("tbptt:")
            .Add($"  chunkLength: {sizes.Chunk}", "time steps that gradients reach back; the hidden state reaches further")
            .Add("");
        return new(Draft.Train(text, sizes, lanes, "mse", "squared error; cross_entropy where targets are classes", "2e-3").ToString(), []);
    }

    // Of arrays in groups, by the last part of their names.
    private static string? Find(IReadOnlyList<string> names, string[] known) => known
        .Select(word => names.FirstOrDefault(name => name[(name.LastIndexOf('/') + 1)..].Equals(word, StringComparison.OrdinalIgnoreCase)))
        .FirstOrDefault(name => name is not null);
}
