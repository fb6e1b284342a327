namespace Orleans.Tbptt.Client.Watching;

/// <summary>How patient a watcher is.</summary>
internal sealed record WatchLimits
{
    /// <summary>A question without an answer is asked again after this long. The coordinator itself waits up to a second for news.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A wish to stop, pause or resume that was not answered for this long is uttered again. Pausing takes as long as the step in flight.</summary>
    public TimeSpan Control { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The least time between two questions, so that watching costs training nothing.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A run that did not answer for this long is unreachable.</summary>
    public TimeSpan Unreachable { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A cluster that cannot be connected to for this long is unreachable.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A cluster that does not say what it is for this long is unreachable.</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A submission that was not answered for this long is sent once more: its silo may have died, which nobody tells a client. The data of a large
    /// run may take longer to open; then the later submission finds the run that the first one made.
    /// </summary>
    public TimeSpan Submission { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Events of one answer.</summary>
    public int Page { get; init; } = 1000;
}
