using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Grains.Trainers;

#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.

/// <content>Rounds of local steps.</content>
internal sealed partial class Trainer
{
    /// <inheritdoc cref="ITrainerGrain.TrainRound"/>
    public async Task<TrainerReply> TrainRound(RoundTicket ticket)
    {
        if (Admit(ticket.Generation, out var thread) is { } refusal)
            return refusal;
        RoundContribution contribution;
        try
        {
            using var turn = await thread.Take();
            _epoch = ticket.Epoch;
            using var round = _telemetry.BeginTraining(ticket.Epoch, ticket.Step, ticket.Chunks);
            if (_open is not { Local: { } local } open)
                return Unassigned();
            if (ticket.Chunk == 0)
                open.EnsureUnchanged();
            if (!local.CanTrain(ticket.Step))
                return ElsewhereThan(ticket.Step, ticket.Generation);
            var first = new StepPosition(ticket.Step, ticket.Epoch, ticket.Chunk);
            var done = local.TrainRound(first, ticket.Chunks, ticket.Parameters.Span, isAbandoned: () => _wanted.IsAfter(ticket));
            ticket.Parameters.Dispose();
            if (done is null)
                return Generation > ticket.Generation ? Over(ticket.Generation) : new RoundGivenUp();
            contribution = done;
            round.Finish();
        }
        catch (Exception e)
        {
            return Failed(e);
        }

        int last = ticket.Chunks - 1;
        Read(new StepPosition(ticket.Step + last, ticket.Epoch, ticket.Chunk + last), Scheduling.OwnThread).Ignore();
        return _silo.IsLeaving ? contribution with { Leaving = true } : contribution;
    }

    /// <inheritdoc cref="ITrainerGrain.GiveUpRound"/>
    public void GiveUpRound(int generation, long step)
    {
        // Of a released trainer nothing is wanted, and of an older generation neither.
        lock (_gate)
        {
            if (generation == _wanted.Generation && step >= _wanted.Step)
                _wanted = new(generation, step + 1);
        }
    }

    /// <summary>The first round, by generation and step, that is still wanted.</summary>
    private sealed record Wanted(int Generation, long Step)
    {
        public bool IsAfter(RoundTicket ticket) => Generation > ticket.Generation
            || (Generation == ticket.Generation && Step > ticket.Step);
    }
}
