using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What is computed again of one link's trainers.</summary>
/// <param name="Link">The link.</param>
/// <param name="Crew">Who computes it.</param>
/// <param name="Opinion">What they give; null, and why, where they cannot.</param>
internal sealed record Asked(ITrainerLink Link, Crew? Crew, Task<(Opinion? Given, string Problem)>? Opinion = null);

/// <summary>The audit of one step, from its tickets to the moment before it is committed.</summary>
internal sealed class StepAudit : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _asked;
    private readonly Func<StepAudit, IReadOnlyList<Contribution>, TimeSpan, Task<AuditVerdict>> _judge;

    /// <summary>The spares have been asked.</summary>
    /// <param name="ticket">The step's ticket.</param>
    /// <param name="asked">What they were asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="began">When they began to be opened.</param>
    /// <param name="judge">Compares.</param>
    public StepAudit(
        StepTicket ticket, IReadOnlyList<Asked> asked, TimeProvider time, long began,
        Func<StepAudit, IReadOnlyList<Contribution>, TimeSpan, Task<AuditVerdict>> judge)
    {
        (Ticket, Asked, _time, _judge) = (ticket, asked, time, judge);
        Record = new(asked.Select(one => one.Link));
        (_asked, Prepared) = (time.GetTimestamp(), time.GetElapsedTime(began));
    }

    /// <summary>The step's ticket.</summary>
    public StepTicket Ticket { get; }

    /// <summary>What the spares were asked.</summary>
    public IReadOnlyList<Asked> Asked { get; }

    /// <summary>Takes down what the trainers give.</summary>
    public AuditRecord Record { get; }

    /// <summary>How long the step waited for spares to be opened.</summary>
    public TimeSpan Prepared { get; }

    /// <summary>Compares what every trainer gave with what the spares give.</summary>
    /// <param name="contributions">Every trainer's, in order; their sums have been added up.</param>
    public Task<AuditVerdict> Judge(IReadOnlyList<Contribution> contributions) =>
        _judge(this, contributions, _time.GetElapsedTime(_asked));

    public void Dispose()
    {
        Record.Dispose();
        foreach (var one in Asked)
            Opinion.DisposeOnceGiven(one.Opinion!).Ignore();
    }
}
