using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>
/// The call itself failed, or was not answered in time: the trainer's silo is dead, out of reach or hangs. Or the trainer says that its
/// device is lost.
/// </summary>
[GenerateSerializer, Immutable, Alias("tbptt.TrainerLost")]
internal sealed record TrainerLost([property: Id(0)] string Reason) : TrainerReply
{
    /// <summary>In a person's words; Orleans' own, with addresses and message ids, are in the silo's log.</summary>
    public static TrainerLost By(Exception exception, string silo) => new(exception switch
    {
        SiloUnavailableException => $"{silo} was lost",
        TimeoutException => $"{silo} did not answer in time",
        _ => $"{silo}: {exception.Message}",
    });
}
