using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>What a former release trained a run with, which <c>engine: auto</c> may choose no more.</summary>
internal static class FormerEngine
{
    private const string Unknown = "unknown (a former release)";

    /// <summary>
    /// Why a run cannot continue with the engine that its spec selects now, in words; null where it can: its steps would have the bits of
    /// two engines, without anybody having asked for it.
    /// </summary>
    /// <param name="status">The run's last written status.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="restored">The state that it continues from; null for its first one, whose bits no engine has computed.</param>
    public static string? FindProblem(RunStatus status, RunSpec spec, RestoredCheckpoint? restored)
    {
        if (restored is null || status.Engine.Length == 0)
            return null;

        // The status has the engine's word, and then why it is that one.
        string former = status.Engine.Split(' ')[0];
        var device = DeviceName.TryParse(restored.State.Device, out var found) && found != DeviceName.Auto ? found : DeviceName.Cpu;
        string now = Engine.Of(spec).On(device).Word;
        return former == now ? null
            : $"engine: found steps that engine {former} computed on {device.Kind?.Plural}, expected engine {now}, which engine: "
                + $"{spec.Engine.Word} selects there in this release, and whose bits are others; resume the run with the release that "
                + $"trained it, or train a new run with engine: {former}";
    }

    /// <summary>What the steps so far were computed by; says so where a former release trained them without noting it.</summary>
    public static string ArithmeticOf(RunStatus status) =>
        status is { Arithmetic: "", Engine.Length: > 0 } ? Unknown : status.Arithmetic;
}
