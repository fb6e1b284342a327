using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Running averages as tensors, one per average and parameter, named like <c>exp_avg.rnn.weight_ih_l0</c>.</summary>
internal static class AverageTensors
{
    /// <summary>Names, shapes and offsets in a buffer of all averages, <c>[averages, parameters]</c>.</summary>
    public static IReadOnlyList<ParameterSlot> Slots(IReadOnlyList<string> averages, ParameterLayout layout) =>
    [
        .. averages.SelectMany((average, i) =>
            layout.Slots.Select(slot => slot with { Name = $"{average}.{slot.Name}", Offset = i * layout.Length + slot.Offset })),
    ];
}
