using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Trainers that take much longer for a step than the others.</summary>
internal static class LateTrainers
{
    /// <summary>The late trainers as text; null when there are none.</summary>
    public static string? Describe(RunStatus status)
    {
        var late = status.Trainers.Where(trainer => trainer.State == TrainerState.Late).ToList();
        return late.Count == 0
            ? null
            : $"late: {string.Join(", ", late.Select(trainer => $"trainer {trainer.Index} on {SiloName(trainer.Silo)}"))}; the step " +
                $"waits for {(late.Count == 1 ? "it" : "them")}";
    }

    /// <summary>The name of a silo that is given with its address and process: <c>silo-1 (127.0.0.1:35003, process 31845)</c>.</summary>
    public static string SiloName(string silo) => silo.IndexOf(" (", StringComparison.Ordinal) is > 0 and var end ? silo[..end] : silo;
}
