using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Transport.InProcess;

/// <summary>The trainers on the coordinator's own silo, called without a message where that is wanted; else, and where they are not found, by their grain.</summary>
/// <param name="roster">The run's trainers.</param>
/// <param name="occupants">Who lives on this silo.</param>
/// <param name="spec">The run's spec, every size known.</param>
/// <param name="parameters">How many parameters the model has.</param>
/// <param name="isDirect"><see cref="TbpttGrainsOptions.DirectSteps"/>.</param>
internal sealed class TrainersBeside(TrainerRoster roster, SiloOccupants occupants, RunSpec spec, int parameters, bool isDirect)
{
    /// <summary>
    /// Up to so many multiplications a chunk's forward pass, some 100 µs of work in all, are done where the coordinator stands: to wake the trainer's thread for
    /// them, and the coordinator after it, takes about as long.
    /// </summary>
    private const long InlineWork = 1 << 20;

    /// <summary>One step's contribution.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="othersAreAsked">
    /// Whether the coordinator has asked trainers elsewhere and would only wait: then a small chunk whose data lie ready is trained on before this returns. Else
    /// the coordinator's scheduler would never be free for other calls.
    /// </param>
    public Task<TrainerReply> TrainChunk(int trainer, StepTicket ticket, bool othersAreAsked)
    {
        if (Find(trainer) is not { } beside)
            return roster[trainer].TrainChunk(ticket);
        if (!othersAreAsked || !beside.WorksAnywhere || !beside.HasReady(ticket) || (long)parameters * roster.Blocks[trainer].Count * spec.Tbptt.ChunkLength > InlineWork)
            return beside.TrainChunk(ticket);
        var reply = beside.TrainChunkHere(ticket);
        beside.PrefetchBehind(ticket);
        return Task.FromResult(reply);
    }

    /// <summary>One evaluation chunk's loss.</summary>
    public Task<TrainerReply> EvaluateChunk(int trainer, EvaluationTicket ticket) =>
        Find(trainer) is { } beside ? beside.EvaluateChunk(ticket) : roster[trainer].EvaluateChunk(ticket);

    private ResidentTrainer? Find(int trainer) => isDirect ? occupants.Find(roster[trainer].GetGrainId()) : null;
}
