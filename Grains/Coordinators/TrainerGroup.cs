using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// A run's trainers as its coordinator sees them: asks all, waits for all, and tells who did not answer. Which trainer answered first
/// never shows: results stand in order of trainer.
/// </summary>
internal sealed partial class TrainerGroup
{
    private readonly RunId _run;
    private readonly LaneBlock[] _blocks;
    private readonly ITrainerGrain[] _trainers;
    private readonly TrainerPlacement _placement;
    private readonly ILogger _logger;
    private readonly TrainerStatus[] _status;

    public TrainerGroup(RunId run, RunSpec spec, IGrainFactory grains, TrainerPlacement placement, ILogger logger)
    {
        (_run, _placement, _logger) = (run, placement, logger);
        _blocks = LaneBlock.Split(spec.Data.BatchSize, spec.Train.Trainers);
        _trainers = [.. _blocks.Select((_, index) => grains.GetGrain<ITrainerGrain>(index, run.Text))];
        _status = [.. _blocks.Select((block, index) => new TrainerStatus(index, block.First, block.Count, "", "", TrainerState.Placing))];
    }

    /// <summary>What each trainer is doing.</summary>
    public IReadOnlyList<TrainerStatus> Status => [.. _status];

    /// <summary>Gives every trainer its lanes at the committed state, placing those that live nowhere on living silos.</summary>
    public Task<GroupReply<TrainerReady>> Assign(RunSpec spec, int generation, TrainingState state)
    {
        var silos = _placement.Choose(_trainers.Length);
        int perLane = state.Layout.HiddenPerLane;
        return Ask<TrainerReady>(TrainerState.Placing, index =>
        {
            var block = _blocks[index];
            var hidden = GradientBuffer.Wrap(state.Hidden.AsMemory(block.First * perLane, block.Count * perLane));
            var assignment = new ShardAssignment(_run, generation, spec, block.First, block.Count, state.Step, hidden);
            return TrainerPlacement.CallOn(silos[index], () => _trainers[index].Assign(assignment));
        });
    }

    /// <summary>One step's contributions.</summary>
    public Task<GroupReply<Contribution>> TrainChunk(StepTicket ticket) =>
        Ask<Contribution>(TrainerState.Training, index => _trainers[index].TrainChunk(ticket));

    /// <summary>One evaluation chunk's losses.</summary>
    public Task<GroupReply<EvaluationResult>> EvaluateChunk(EvaluationTicket ticket) =>
        Ask<EvaluationResult>(TrainerState.Evaluating, index => _trainers[index].EvaluateChunk(ticket));

    /// <summary>Lets the trainers go. One that cannot be reached is gone already.</summary>
    public Task Release(int generation) => Task.WhenAll(_trainers.Select(async (trainer, index) =>
    {
        await trainer.Release(generation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Set(index, TrainerState.Released);
    }));

    private async Task<GroupReply<T>> Ask<T>(TrainerState busy, Func<int, Task<TrainerReply>> call) where T : TrainerReply
    {
        var replies = await Task.WhenAll(_trainers.Select((_, index) => Ask(index, busy, call)));
        return new(replies);
    }

    private async Task<TrainerReply> Ask(int index, TrainerState busy, Func<int, Task<TrainerReply>> call)
    {
        Set(index, busy);
        TrainerReply reply;
        try
        {
            reply = await call(index);
        }
#pragma warning disable CA1031 // However a call fails, the trainer is lost to this step; the coordinator places it again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogLost(e, _run, index);
            reply = new TrainerLost(Reason(index, e));
        }

        if (reply is TrainerReady ready)
            _status[index] = _status[index] with { Silo = ready.Silo, Device = ready.Device };
        Set(index, reply is TrainerLost or TrainerFault or Refusal ? TrainerState.Lost : TrainerState.Waiting);
        return reply;
    }

    /// <summary>In a person's words; Orleans' own, with addresses and message ids, are in the silo's log.</summary>
    private string Reason(int index, Exception exception)
    {
        string silo = _status[index].Silo.Length > 0 ? _status[index].Silo : "its silo";
        return exception switch
        {
            SiloUnavailableException => $"{silo} was lost",
            TimeoutException => $"{silo} did not answer in time",
            _ => $"{silo}: {exception.Message}",
        };
    }

    private void Set(int index, TrainerState state)
    {
        if (_status[index].State != state)
            _status[index] = _status[index] with { State = state };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: trainer {Trainer} does not answer")]
    private partial void LogLost(Exception exception, RunId run, int trainer);
}

/// <summary>The call itself failed: the trainer's silo is dead or out of reach.</summary>
internal sealed record TrainerLost(string Reason) : TrainerReply;

/// <summary>The replies of all trainers, in order of trainer.</summary>
internal sealed class GroupReply<T>(IReadOnlyList<TrainerReply> replies) where T : TrainerReply
{
    /// <summary>The results, when <see cref="IsWhole"/>.</summary>
    public IReadOnlyList<T> Results => [.. replies.Cast<T>()];

    /// <summary>Whether every trainer gave its result.</summary>
    public bool IsWhole => replies.All(reply => reply is T);

    /// <summary>The trainers that gave none.</summary>
    public IReadOnlyList<int> Missing => [.. Enumerable.Range(0, replies.Count).Where(index => replies[index] is not T)];

    /// <summary>In words, why.</summary>
    public string Reason => string.Join("; ", Missing.Select(index => replies[index] switch
    {
        TrainerLost lost => $"trainer {index} is lost: {lost.Reason}",
        TrainerFault fault => $"trainer {index} failed: {fault.Message}",
        Refusal refusal => $"trainer {index} refuses: {refusal.Reason}",
        _ => $"trainer {index} answered out of turn",
    }));

    /// <summary>The newest generation a trainer has met, where one refused for that.</summary>
    public int NewestGeneration => replies.OfType<Refusal>().Select(refusal => refusal.NewestGeneration).DefaultIfEmpty().Max();

    /// <summary>Whether a trainer's own work failed, which a new place need not cure.</summary>
    public bool HasFault => replies.Any(reply => reply is TrainerFault);
}
