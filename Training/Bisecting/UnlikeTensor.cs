namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>An array of two states, or of two gradients, whose bits are not the same.</summary>
/// <param name="Part">
/// What it is a part of: <c>parameters</c>, <c>optimizer exp_avg</c> and the like, <c>hidden state</c>, <c>gradient</c>, <c>count</c>.
/// </param>
/// <param name="Name">Its name, as a safetensors file has it, such as <c>rnn.weight_hh_l0</c>, or <c>h</c> of a hidden state.</param>
/// <param name="Index">Where its first unlike element is, along each dimension, from 0; empty for a single number.</param>
/// <param name="A">That element in the first run, with every digit; null where that has no such array.</param>
/// <param name="B">That element in the second run.</param>
/// <param name="Unlike">How many of its elements are unlike.</param>
/// <param name="Length">How many it has.</param>
public sealed record UnlikeTensor(string Part, string Name, IReadOnlyList<int> Index, string? A, string? B, long Unlike, long Length)
{
    /// <summary>The lane that it belongs to, from 0; null where it belongs to all.</summary>
    public int? Lane { get; init; }

    /// <summary>The layer that it belongs to, from 0; null where that is a part of its name, or where it belongs to none.</summary>
    public int? Layer { get; init; }
}
