using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>A state of which some units stay as they were (<see cref="Zoneout"/>).</summary>
/// <param name="State">0 for h, 1 for c.</param>
/// <param name="Rate">Their share.</param>
internal readonly record struct ZonedState(int State, double Rate)
{
    /// <summary>Those of a model.</summary>
    public static ZonedState[] Of(DropoutSpec dropout) =>
        [.. new ZonedState[] { new(0, dropout.Zoneout), new(1, dropout.ZoneoutCell) }.Where(zone => zone.Rate > 0)];
}
