namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Keeps the grains that a run holds: Orleans ends a grain to which no message has come for a while, 15 minutes by default, and steps reach
/// trainers without messages. A grain whose coordinator is gone is not kept, and gives its slots back then.
/// </summary>
/// <param name="roster">The trainers and their spares.</param>
/// <param name="idle">After so long without a message a grain is ended.</param>
/// <param name="time">The clock.</param>
internal sealed class TrainerKeeper(Roster roster, TimeSpan idle, TimeProvider time)
{
    /// <summary>So many messages go out in the time of one, because one may be lost.</summary>
    private const int Messages = 3;

    /// <summary>Keeps them until the run is left. Runs on the coordinator's scheduler.</summary>
    public async Task Keep(CancellationToken left)
    {
        using var timer = new PeriodicTimer(idle / Messages, time);
        while (await timer.WaitForNextTickAsync(left))
        {
            foreach (var trainer in roster.Held)
                trainer.KeepAlive().Ignore();
        }
    }
}
