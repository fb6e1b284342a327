namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Somebody's wish that another number of trainers work on a run's shards.</summary>
/// <param name="trainers">How many.</param>
/// <param name="reason">In words, who wants it or why.</param>
internal sealed class ResizeWish(int trainers, string reason)
{
    private readonly TaskCompletionSource<string> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many trainers there shall be.</summary>
    public int Trainers => trainers;

    /// <summary>In words, who wants it or why.</summary>
    public string Reason => reason;

    /// <summary>Completes when the trainers have their shards: empty; or else says why they were not given them.</summary>
    public Task<string> Done => _done.Task;

    /// <summary>The wish has been carried out, or cannot be.</summary>
    /// <param name="problem">Why not; empty where it was.</param>
    public void Finish(string problem = "") => _done.TrySetResult(problem);
}
