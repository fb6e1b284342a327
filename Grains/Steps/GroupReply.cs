using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>The replies of some trainers.</summary>
/// <param name="trainers">Which trainers were asked, in order.</param>
/// <param name="replies">Their replies, in the same order.</param>
internal sealed class GroupReply<T>(IReadOnlyList<int> trainers, IReadOnlyList<TrainerReply> replies) where T : TrainerReply
{
    /// <summary>The results, when <see cref="IsWhole"/>.</summary>
    public IReadOnlyList<T> Results => [.. replies.Cast<T>()];

    /// <summary>Whether every trainer gave its result.</summary>
    public bool IsWhole => replies.All(reply => reply is T);

    /// <summary>The trainers that gave none; not those that gave up because of them.</summary>
    public IReadOnlyList<int> Missing => [.. Where(reply => reply is not (T or RoundGivenUp))];

    /// <summary>The trainers that are lost, and need another place; so do those that will not listen to this generation.</summary>
    public IReadOnlyList<int> Lost(int generation) =>
        [.. Where(reply => reply is TrainerLost || (reply is Refusal refusal && refusal.NewestGeneration > generation))];

    /// <summary>In words, why.</summary>
    public string Reason =>
        string.Join("; ", trainers.Zip(replies).Where(one => one.Second is not (T or RoundGivenUp)).Select(one => one.Second switch
    {
        TrainerLost lost => $"trainer {one.First} is lost: {lost.Reason}",
        TrainerFault fault => $"trainer {one.First} failed: {fault.Message}",
        Refusal refusal => $"trainer {one.First} refuses: {refusal.Reason}",
        _ => $"trainer {one.First} answered out of turn",
    }));

    /// <summary>In one word, why: one of <see cref="RecoveryReason"/>.</summary>
    public string Cause => HasFault ? RecoveryReason.Fault
        : replies.Any(reply => reply is TrainerLost) ? RecoveryReason.Lost
        : RecoveryReason.Refused;

    /// <summary>The newest generation a trainer has met, where one refused for that.</summary>
    public int NewestGeneration => replies.OfType<Refusal>().Select(refusal => refusal.NewestGeneration).DefaultIfEmpty().Max();

    /// <summary>Whether a trainer's own work failed, which a new place need not cure.</summary>
    public bool HasFault => replies.Any(reply => reply is TrainerFault);

    private IEnumerable<int> Where(Func<TrainerReply, bool> which) =>
        Enumerable.Range(0, replies.Count).Where(index => which(replies[index])).Select(index => trainers[index]);
}
