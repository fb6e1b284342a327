using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>The parameters a run starts from.</summary>
public static class InitialParameters
{
    /// <summary>
    /// The weights in <c>model.initFrom</c>, or else drawn from the seed with PyTorch's distributions: uniform in ±1/√hiddenSize for
    /// recurrent layers (<c>torch.nn.LSTM</c>), in ±1/√fan-in for the head (<c>torch.nn.Linear</c>; the length of h, of both directions
    /// where there are two), normal for an embedding. The vector of a column's class 0, <c>&lt;unknown&gt;</c>, is zero and stays so,
    /// because no row to train on has it (<c>padding_idx=0</c> of <c>torch.nn.Embedding</c>). An embedding whose weight is the head's is
    /// drawn as the head. Schemes of <c>model.init</c> take the place of these distributions. A layer's norm begins with weight 1 and
    /// bias 0, a learned initial state as zeros.
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

        for (int index = 0; index < layout.Slots.Count; index++)
        {
            var slot = layout.Slots[index];
            ulong key = CounterRandom.Derive(CounterRandom.Key(spec.Seed, RandomPurpose.InitialWeights), (ulong)index);
            Draw(spec.Model, layout, slot, key, parameters.AsSpan(slot.Offset, slot.Length));
        }

        SetForgetBias(spec.Model, layout, parameters);
        return parameters;
    }

    private static void Draw(ModelSpec model, ParameterLayout layout, ParameterSlot slot, ulong key, Span<float> values)
    {
        double bound = 1 / Math.Sqrt(IsOfHead(layout, slot) ? model.LayerOutputs : model.HiddenSize);
        if (slot.Name.StartsWith("embedding.", StringComparison.Ordinal))
        {
            int unknown = slot.Name != "embedding.weight" ? slot.Shape[1] : 0;
            values = values[unknown..];
            if (model.Init.Embedding != InitScheme.Torch)
                WeightDraw.Fill(model.Init.Embedding, key, unknown, slot.Shape[1], values);
            else if (layout.Head == slot.Name)
                WeightDraw.Uniform(bound, key, 0, values);
            else
                WeightDraw.Normal(key, unknown, values);
            return;
        }

        if (slot.Name.StartsWith("initial.", StringComparison.Ordinal))
            return;
        if (slot.Name.StartsWith("norm.", StringComparison.Ordinal))
        {
            values.Fill(slot.Name.StartsWith("norm.weight_l", StringComparison.Ordinal) ? 1 : 0);
            return;
        }

        bool isInput = slot.Name.StartsWith("rnn.weight_ih_l", StringComparison.Ordinal);
        bool isHidden = slot.Name.StartsWith("rnn.weight_hh_l", StringComparison.Ordinal);
        var scheme = isInput ? model.Init.Input : isHidden ? model.Init.Recurrent
            : slot.Name == layout.Head ? model.Init.Head : InitScheme.Torch;
        if (scheme == InitScheme.Torch)
        {
            WeightDraw.Uniform(bound, key, 0, values);
            return;
        }

        int length = values.Length / (isInput || isHidden ? model.Cell.Gates : 1);
        for (int first = 0; first < values.Length; first += length)
            WeightDraw.Fill(scheme, key, first, slot.Shape[1], values.Slice(first, length));
    }

    private static bool IsOfHead(ParameterLayout layout, ParameterSlot slot) => slot.Name is "head.bias" || slot.Name == layout.Head;

    private static void SetForgetBias(ModelSpec model, ParameterLayout layout, float[] parameters)
    {
        if (model.Init.ForgetBias is not { } sum || model.Cell.ForgetGate is not { } gate)
            return;
        foreach (var slot in layout.Slots)
        {
            bool isHidden = slot.Name.StartsWith("rnn.bias_hh_l", StringComparison.Ordinal);
            if (isHidden || slot.Name.StartsWith("rnn.bias_ih_l", StringComparison.Ordinal))
                parameters.AsSpan(slot.Offset + (gate * model.HiddenSize), model.HiddenSize).Fill(isHidden ? 0 : (float)sum);
        }
    }
}
