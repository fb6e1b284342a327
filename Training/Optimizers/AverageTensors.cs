using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Running averages as tensors: of each average every parameter, under the name <c>exp_avg.rnn.weight_ih_l0</c>.</summary>
internal static class AverageTensors
{
    /// <summary>Names, shapes and places in a buffer of all averages one after another, <c>[averages, parameters]</c>.</summary>
    public static IReadOnlyList<ParameterSlot> Slots(IReadOnlyList<string> averages, ParameterLayout layout) =>
    [
        .. averages.SelectMany((average, i) =>
            layout.Slots.Select(slot => slot with { Name = $"{average}.{slot.Name}", Offset = i * layout.Length + slot.Offset })),
    ];
}
