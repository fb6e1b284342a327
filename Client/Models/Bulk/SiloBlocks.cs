using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>What a silo computes for this console.</summary>
/// <param name="report">The silo as it was first seen.</param>
internal sealed class SiloBlocks(SiloReport report)
{
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task<string> _loading = Task.FromResult("");
    private int _loads;

    /// <summary>Its address.</summary>
    public string Address => report.Address;

    /// <summary>Its name.</summary>
    public string Name => report.Name;

    /// <summary>Whether calls of it may be lost.</summary>
    public bool IsLost => _lost.Task.IsCompleted;

    /// <summary>Blocks that it computes at a time; 0 while it takes none.</summary>
    public int Limit { get; set; } = Room(report);

    /// <summary>Blocks that it has.</summary>
    public int Sent { get; set; }

    /// <summary>Blocks that it may have more: one waits there for those that are computed.</summary>
    public int Free => Limit == 0 ? 0 : Limit + 1 - Sent;

    /// <summary>How often the model was sent.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>Whether a silo computes at all.</summary>
    public static bool Takes(SiloReport report) => report is { Slots: > 0, Draining: false };

    /// <summary>Blocks that a silo computes at a time.</summary>
    public static int Room(SiloReport report) => Takes(report) ? Math.Max(1, report.FreeSlots) : 0;

    /// <summary>Waits for an answer of the silo, or until the call may be lost: clients get no notice of that.</summary>
    /// <param name="call">The call.</param>
    /// <param name="time">The clock.</param>
    /// <param name="patience">How long; null for as long as the call itself waits.</param>
    /// <exception cref="IOException">The call may be lost.</exception>
    /// <exception cref="TimeoutException">It has not been answered for so long.</exception>
    public async Task<T> AnswerOfAsync<T>(Task<T> call, TimeProvider time, TimeSpan? patience = null) =>
        await Task.WhenAny(call, _lost.Task).WaitAsync(patience ?? Timeout.InfiniteTimeSpan, time) == call ? await call
            : throw new IOException($"a call of silo {Name} was lost");

    /// <summary>Sends the model, once for all who found it missing.</summary>
    /// <param name="loads">How often it had been sent when that was found.</param>
    /// <param name="load">Sends it.</param>
    public Task<string> LoadAsync(int loads, Func<Task<string>> load)
    {
        lock (_gate)
        {
            if (loads == _loads)
            {
                _loading = load();
                Volatile.Write(ref _loads, loads + 1);
            }

            return _loading;
        }
    }

    /// <summary>Calls of it may be lost: what it has is to be computed once more.</summary>
    public void Lose() => _lost.TrySetResult();
}
