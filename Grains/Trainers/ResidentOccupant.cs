using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer on this silo that can be called without a message.</summary>
/// <param name="Key">Its grain.</param>
/// <param name="Trainer">Which trainer of which run it is.</param>
/// <param name="Resident">The trainer itself.</param>
internal sealed record ResidentOccupant(GrainId Key, SiloTrainer Trainer, ResidentTrainer Resident) : Occupant(Key, Trainer);

/// <summary>Finds trainers that can be called without a message.</summary>
internal static class ResidentTrainers
{
    /// <summary>A trainer by its grain; null where it does not live on this silo, or has no lanes yet.</summary>
    public static ResidentTrainer? Find(this SiloOccupants occupants, GrainId trainer) =>
        (occupants.TrainerOf(trainer) as ResidentOccupant)?.Resident;
}
