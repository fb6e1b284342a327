using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>The parameters a run starts from.</summary>
public static class InitialParameters
{
    /// <summary>
    /// The weights in <c>model.initFrom</c>, or else drawn from the seed with PyTorch's distributions: uniform in ±1/√hiddenSize for
    /// recurrent layers and head (<c>torch.nn.LSTM</c>, and <c>torch.nn.Linear</c>, whose fan-in is hiddenSize here), normal for an
    /// embedding. The vector of a column's class 0, <c>&lt;unknown&gt;</c>, is zero and stays so, because no row to train on has it
    /// (<c>padding_idx=0</c> of <c>torch.nn.Embedding</c>).
    /// </summary>
    /// <returns>The flat buffer, <c>[layout.Length]</c>.</returns>
    public static float[] Of(RunSpec spec, ParameterLayout layout)
    {
        var parameters = new float[layout.Length];
        if (spec.Model.InitFrom is { } path)
        {
            WeightFile.ReadInto(path, spec.Model, parameters);
            return parameters;
        }

        double bound = 1 / Math.Sqrt(spec.Model.HiddenSize);
        for (int index = 0; index < layout.Slots.Count; index++)
        {
            var slot = layout.Slots[index];
            ulong key = CounterRandom.Derive(CounterRandom.Key(spec.Seed, RandomPurpose.InitialWeights), (ulong)index);
            bool isEmbedding = slot.Name.StartsWith("embedding.", StringComparison.Ordinal);
            int unknown = isEmbedding && slot.Name != "embedding.weight" ? slot.Shape[1] : 0;
            for (int i = unknown; i < slot.Length; i++)
                parameters[slot.Offset + i] =
                    (float)(isEmbedding ? CounterRandom.Normal(key, (ulong)i) : bound * (2 * CounterRandom.Uniform(key, (ulong)i) - 1));
        }

        return parameters;
    }
}
