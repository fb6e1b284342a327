using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A spec of NumPy arrays, of which only the user knows which array holds the targets.</summary>
internal static class ArrayDraft
{
    /// <summary>A spec to complete and save, as part of a message.</summary>
    public static string Advice(string path)
    {
        string name = $"{Text.OneLine(Path.GetFileNameWithoutExtension(path))}.yaml";
        string spec = new SpecLines()
            .Add("model: {hiddenSize: 32}")
            .Add("data:")
            .Add($"  source: {SpecLines.Scalar($"npy:{Text.OneLine(path)},TARGETS.npy")}", "TARGETS.npy: the array of the targets")
            .Add("  batchSize: 8")
            .Add("tbptt: {chunkLength: 24}")
            .Add("train: {epochs: 10, loss: mse, optimizer: {name: adam, lr: 1e-3}}").ToString();
        return $"save this as {name}, then: tbptt train {name}\n\n{spec}\ndocs/run-spec.md lists every key.";
    }
}
