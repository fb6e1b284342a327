namespace Orleans.Tbptt.Client.Watching;

/// <summary>Timeouts and retry intervals of the console.</summary>
internal sealed record WatchLimits
{
    /// <summary>An unanswered query is repeated after this time. The coordinator itself waits up to a second for new events.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// An unanswered stop, pause or resume request is repeated after this time. Pausing takes as long as the step in flight.
    /// </summary>
    public TimeSpan Control { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The minimum time between two queries, so that watching does not slow training.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A run that has not answered for this time counts as unreachable.</summary>
    public TimeSpan Unreachable { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A cluster that cannot be connected to within this time counts as unreachable; longer than the connection takes to find out why.
    /// </summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>A cluster that does not answer the version check within this time counts as unreachable.</summary>
    public TimeSpan VersionCheck { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// An unanswered submission is repeated after this time: its silo may have died, of which clients get no notice. The data of a large
    /// run may take longer to open; the repeated submission then finds the run that the first one created.
    /// </summary>
    public TimeSpan Submission { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// An unanswered block of forecasts is computed elsewhere after this time, because its call may have been lost with a gateway. The time
    /// is doubled after each, five times at most. A block takes hundredths of a second, on a silo whose cores train perhaps a second.
    /// </summary>
    public TimeSpan Block { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A model for forecasts that a silo has not taken within this time is sent once more.</summary>
    public TimeSpan Model { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The maximum number of events in one answer.</summary>
    public int Page { get; init; } = 1000;
}
