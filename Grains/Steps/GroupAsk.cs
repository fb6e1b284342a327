using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>A call that some trainers are reached by.</summary>
/// <param name="Trainers">The trainers, in order.</param>
/// <param name="Call">Makes it; their replies, in the same order.</param>
/// <param name="Answers">Asks who of them has answered so far; null where the call is one trainer's own.</param>
internal sealed record TrainersCall(
    IReadOnlyList<int> Trainers, Func<Task<IReadOnlyList<TrainerReply>>> Call, Func<Task<IReadOnlyList<TrainerReply?>>>? Answers = null);

/// <summary>One question to trainers: who has answered what so far. What comes when it is over changes nothing any more.</summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
internal sealed class GroupAsk(TrainerRoster roster, IReadOnlyList<TrainersCall> calls, TrainerState busy, TimeProvider time, Action<Exception, int> lost)
{
    /// <summary>How long a silo may take to say which of its trainers have answered.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly TrainerReply?[] _replies = new TrainerReply?[roster.All.Count];
    private readonly HashSet<TrainersCall> _ended = [];
    private bool _over;

    /// <summary>Whom the question goes to, in order.</summary>
    public IReadOnlyList<int> Trainers { get; } = [.. calls.SelectMany(call => call.Trainers).Order()];

    /// <summary>Their replies so far, in the same order.</summary>
    public IReadOnlyList<TrainerReply?> Replies => [.. Trainers.Select(trainer => _replies[trainer])];

    /// <summary>Asks; completes, without error, when all have answered or failed.</summary>
    public Task Run() => calls.Count == 1 ? Ask(calls[0]) : Task.WhenAll(calls.Select(Ask));

    /// <summary>Shows those that have not answered as late, as far as their silo does not know better.</summary>
    public void MarkLate()
    {
        foreach (var call in calls.Where(IsOpen))
            MarkLate(call).Ignore();
    }

    /// <summary>The question is over: those that have not answered, and those named, are lost.</summary>
    /// <param name="others">Trainers that are lost although they answered.</param>
    /// <param name="reason">In words, why.</param>
    public async Task GiveUp(IReadOnlyList<int> others, string reason)
    {
        await Task.WhenAll(calls.Where(IsOpen).Select(Look));
        _over = true;

        // All of a silo's trainers have answered there, and the silo's own answer does not come: what they gave cannot be had.
        var stuck = calls.Where(call => !_ended.Contains(call) && !IsOpen(call)).SelectMany(call => call.Trainers).ToHashSet();
        foreach (int trainer in Trainers)
        {
            if (_replies[trainer] is null || others.Contains(trainer) || stuck.Contains(trainer))
                Lose(trainer, new($"{roster.SiloOf(trainer)} {reason}"));
        }
    }

    /// <summary>What trainers gave cannot be had: they are lost.</summary>
    public void Lose(IReadOnlyList<int> trainers, Exception why)
    {
        foreach (int trainer in trainers)
        {
            lost(why, trainer);
            Lose(trainer, TrainerLost.By(why, roster.SiloOf(trainer)));
        }
    }

    private bool IsOpen(TrainersCall call) => call.Trainers.Any(trainer => _replies[trainer] is null);

    private void Lose(int trainer, TrainerLost reply)
    {
        _replies[trainer] = reply;
        roster.Set(trainer, TrainerState.Lost);
    }

    private async Task Ask(TrainersCall call)
    {
        foreach (int trainer in call.Trainers)
            roster.Set(trainer, busy);
        try
        {
            Take(call, await call.Call());
        }
#pragma warning disable CA1031 // However a call fails, its trainers are lost to this step; the coordinator places them again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_over)
                Lose(call.Trainers, e);
        }
        finally
        {
            _ended.Add(call);
        }
    }

    private void Take(TrainersCall call, IReadOnlyList<TrainerReply> replies)
    {
        if (replies.Count != call.Trainers.Count)
            throw new InvalidDataException($"{replies.Count} replies for {call.Trainers.Count} trainers");
        foreach (var (trainer, reply) in call.Trainers.Zip(replies))
            Take(trainer, reply);
    }

    private void Take(int trainer, TrainerReply reply)
    {
        if (_over)
            return;
        _replies[trainer] = reply;
        roster.Set(trainer, reply is TrainerLost or TrainerFault or Refusal ? TrainerState.Lost : TrainerState.Waiting);
    }

    private async Task MarkLate(TrainersCall call)
    {
        await Look(call);
        foreach (int trainer in call.Trainers.Where(trainer => !_over && _replies[trainer] is null))
            roster.Set(trainer, TrainerState.Late);
    }

    /// <summary>Learns who of a silo's trainers has answered there; a silo that does not say leaves all of them open.</summary>
    private async Task Look(TrainersCall call)
    {
        if (call.Answers is not null)
            await TakeAnswers(call).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task TakeAnswers(TrainersCall call)
    {
        // A silo that cannot say which of its trainers hangs, hangs itself.
        var answers = await call.Answers!();
        foreach (var (trainer, reply) in call.Trainers.Zip(answers))
        {
            if (reply is not null && _replies[trainer] is null)
                Take(trainer, reply);
        }
    }
}
