using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// A spare of a trainer: another grain, on another silo, which can compute the trainer's part of any step from the committed state before
/// it, to the same bits. It holds data and a replica. One of an audit takes no slot.
/// </summary>
/// <param name="Trainer">The trainer.</param>
/// <param name="Place">Which of the trainer's lives it is: no other grain of the trainer has this number.</param>
/// <param name="Grain">It.</param>
/// <param name="Home">Its silo.</param>
/// <param name="Ready">What it said when it was opened.</param>
internal sealed record Spare(int Trainer, int Place, ITrainerGrain Grain, SiloAddress Home, TrainerReady Ready)
{
    /// <summary>A grain of a former coordinator may live elsewhere under a number that this one has not given yet.</summary>
    private const int Tries = 3;

    /// <summary>Its silo by name.</summary>
    public string Silo => Ready.Silo;

    /// <summary>Opens a spare on a silo.</summary>
    /// <param name="roster">The run's trainers.</param>
    /// <param name="trainer">The trainer.</param>
    /// <param name="silo">The silo.</param>
    /// <param name="assignment">What the trainer is given at the committed state; it says whether the spare takes a slot.</param>
    /// <returns>The spare; or why there is none.</returns>
    public static async Task<(Spare? Spare, string Problem)> Open(Roster roster, int trainer, SiloAddress silo, ShardAssignment assignment)
    {
        for (int tried = 0; tried < Tries; tried++)
        {
            // The number of trainers may have become smaller while a spare was being opened.
            if (trainer >= roster.All.Count)
                return (null, $"there is no trainer {trainer} any more");
            int place = roster.NextPlace(trainer);
            var grain = roster.Spare(trainer, place);
            switch (await Assign(grain, silo, assignment))
            {
                case TrainerReady ready when ready.Address == silo.ToParsableString():
                    if (Unlike(roster, trainer, ready) is not { } unlike)
                        return (roster.Hold(new(trainer, place, grain, silo, ready)), "");
                    grain.Release(assignment.Generation).Ignore();
                    return (null, unlike);
                case TrainerReady:
                    grain.Release(assignment.Generation).Ignore();
                    break;
                case var other:
                    // It may be opened later than anybody waits for it.
                    grain.Release(assignment.Generation).Ignore();
                    return (null, new GroupReply<TrainerReady>([trainer], [other]).Reason);
            }
        }

        return (null, $"trainer {trainer} has spares elsewhere than on {silo}");
    }

    /// <summary>Computes the trainer's part of a step from the committed state.</summary>
    /// <param name="assignment">Puts it at that state; null where it is there.</param>
    /// <param name="ticket">The step's ticket.</param>
    public async Task<TrainerReply> Train(ShardAssignment? assignment, StepTicket ticket)
    {
        if (assignment is null)
            return await Call(() => Grain.TrainChunk(ticket));
        var ready = await Assign(Grain, Home, assignment);
        return ready is not TrainerReady there ? ready
            : there.Address != Home.ToParsableString()
                ? new TrainerLost($"the spare of trainer {Trainer} was opened anew on {there.Silo}, expected {Silo}")
            : await Call(() => Grain.TrainChunk(ticket));
    }

    /// <summary>Why what a spare computes says nothing about a trainer; null where it has to be the same bits.</summary>
    private static string? Unlike(Roster roster, int trainer, TrainerReady spare)
    {
        if (trainer >= roster.All.Count)
            return $"there is no trainer {trainer} any more";
        var own = roster.Status[trainer];
        return (own.Engine, own.Arithmetic) == (spare.Engine, spare.Arithmetic) ? null
            : $"found engine {spare.Engine} with arithmetic {spare.Arithmetic} on {spare.Silo}, expected {own.Engine} with "
                + $"{own.Arithmetic}, as trainer {trainer} on {own.Silo} computes with; start silos of one version, and where libtorch "
                + "or tensor cores compute, on processors or GPUs of one type";
    }

    private static Task<TrainerReply> Assign(ITrainerGrain grain, SiloAddress silo, ShardAssignment assignment) =>
        Call(() => PlacementHint.CallOn(silo, () => grain.Assign(assignment)), $"{silo}");

    private Task<TrainerReply> Call(Func<Task<TrainerReply>> call) => Call(call, Silo);

    private static async Task<TrainerReply> Call(Func<Task<TrainerReply>> call, string silo)
    {
        try
        {
            return await call();
        }
#pragma warning disable CA1031 // However a call fails, there is no such spare, and the run continues without.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return TrainerLost.By(e, silo);
        }
    }
}
