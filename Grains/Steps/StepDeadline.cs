namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// How long the trainers may take for a step, by the run's own steps: one that is a few times slower than usual is late; one that is
/// <see cref="LostFactor"/> times slower, and over <see cref="LeastLost"/>, is taken for lost, although its silo lives.
/// </summary>
internal sealed class StepDeadline(TimeProvider time)
{
    /// <summary>A trainer is lost after so many times the median of the last steps.</summary>
    internal const int LostFactor = 10;

    /// <summary>No trainer is lost before this.</summary>
    internal static readonly TimeSpan LeastLost = TimeSpan.FromSeconds(10);

    /// <summary>A trainer is late after so many times the median of the last steps.</summary>
    internal const int LateFactor = 3;

    /// <summary>No trainer is late before this.</summary>
    internal static readonly TimeSpan LeastLate = TimeSpan.FromSeconds(1);

    /// <summary>No ticket goes to a spare before this: a moment's silence, as of a garbage collection, costs less than a move.</summary>
    internal static readonly TimeSpan LeastSpeculated = TimeSpan.FromMilliseconds(200);

    /// <summary>A look that comes so much later than it was due says that the coordinator itself was stopped or slow.</summary>
    private static readonly TimeSpan OwnDelay = TimeSpan.FromMilliseconds(100);

    private const int Remembered = 33;
    private const int LeastSteps = 5;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly Queue<TimeSpan> _last = new(Remembered);

    /// <summary>
    /// The median of the last steps; null until there are a few. The first steps, which open files and warm up, have no deadline.
    /// </summary>
    public TimeSpan? Usual => _last.Count < LeastSteps ? null : _last.Order().ElementAt(_last.Count / 2);

    /// <summary>The trainers have other shards: how long they took for the former ones says nothing any more.</summary>
    public void Forget() => _last.Clear();

    /// <summary>Waits for every trainer's answer.</summary>
    /// <param name="all">Completes, without error, when all have answered.</param>
    /// <param name="late">Called, every now and then, when those that have not are late.</param>
    /// <param name="steps">How many steps they were asked for.</param>
    /// <param name="speculate">
    /// Called with how long they have taken, and how long they usually take, when a spare could answer sooner than those that have not, and
    /// every now and then after that; null where nobody speculates.
    /// </param>
    /// <returns>Null when all have answered; else in words, why those that have not are lost.</returns>
    public async Task<string?> Wait(Task all, Action late, int steps = 1, Action<TimeSpan, TimeSpan>? speculate = null)
    {
        long began = time.GetTimestamp();
        var due = speculate is null ? Look : LeastSpeculated;
        while (true)
        {
            // Most steps end long before the first look, and the timer with them.
            await all.WaitAsync(Longer(due - time.GetElapsedTime(began), TimeSpan.Zero), time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            var elapsed = time.GetElapsedTime(began);
            if (all.IsCompleted)
            {
                Remember(elapsed / steps);
                return null;
            }

            var delay = elapsed - due;
            due = elapsed + Look;
            if (Usual * steps is not { } usual)
                continue;
            if (speculate is not null)
            {
                // What a coordinator was sent while it was stopped itself lies in its sockets: it is given time to read it.
                if (delay > OwnDelay)
                    due = elapsed + LeastSpeculated;
                else if (elapsed >= usual * LateFactor)
                    speculate(elapsed, usual);
                else if (usual * LateFactor < due)
                    due = usual * LateFactor;
            }

            if (elapsed > Longer(LeastLost, usual * LostFactor))
                return $"did not answer for {elapsed.TotalSeconds:0.0} s, where {Steps(steps)} {usual.TotalSeconds:0.###} s";
            if (elapsed > Longer(LeastLate, usual * LateFactor))
                late();
        }
    }

    private void Remember(TimeSpan step)
    {
        if (_last.Count == Remembered)
            _last.Dequeue();
        _last.Enqueue(step);
    }

    private static string Steps(int steps) => steps == 1 ? "a step takes" : $"{steps} steps take";

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
