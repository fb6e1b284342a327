using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>The grain before a sweep's driver: sees that the sweep continues, stops and resumes it.</summary>
// Random placement takes the hint of the sweep's supervisor.
[RandomPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class SweepGrain(SweepServices services, IOptions<ClusterOptions> cluster) : Grain, ISweepGrain
{
    private const int LongestReason = 300;

    private ActiveSweep? _active;

    private ActiveSweep? Active => _active is { Left.IsCompleted: false } active ? active : null;

    public Task EnsureRunning()
    {
        var status = Written();
        if (services.Occupants.IsLeaving)
            return GoElsewhere();
        if (Active is null && !status.HasEnded && status.Cluster == cluster.Value.ClusterId)
            Begin(status);
        return Task.CompletedTask;
    }

    public Task<SweepStatus> GetStatus() => Task.FromResult(
        Active?.Status is { } driven ? driven with { Directory = Sweep.Path } : Written());

    public async Task StopSweep(string reason)
    {
        reason = string.Concat((reason ?? "").Where(character => !char.IsControl(character)).Take(LongestReason));
        var status = Written();
        if (Active is null && status.HasEnded)
            return;
        var active = Active ?? Begin(status);
        active.Stop(reason);
        await active.Left;
        if (!Written().HasEnded)
            throw new OrleansException("the sweep was just going to another silo and is not stopped: ask again");
    }

    public async Task<string> ResumeSweep(int protocol)
    {
        if (ProtocolVersion.Refusal(protocol) is { } refusal)
            return refusal;
        if (Active is { IsEnding: true } ending)
            await ending.Left;
        var held = await Task.Run(() => HeldRuns.Of(services.Store.Runs.List(), Sweep.Id, cluster.Value.ClusterId));
        var status = Written();
        if (Active is { } active)
        {
            active.Continue(held);
            return "";
        }

        if (status.State == RunState.Completed)
            return "the sweep has completed";
        status = status with
        {
            State = RunState.Starting, Message = "", EndedAt = null, Cluster = cluster.Value.ClusterId,
            UpdatedAt = services.Time.GetUtcNow(), Held = held,
        };
        SweepStore.Write(Sweep, status);
        Begin(status);
        return "";
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (Active is not { } active)
            return;
        active.HandOver();
        await active.Left.WaitAsync(cancellationToken);
    }

    private SweepDirectory Sweep => RunId.TryParse(this.GetPrimaryKeyString(), out var sweep) ? services.Store.Of(sweep)
        : throw new SweepNotFoundException(this.GetPrimaryKeyString());

    private ActiveSweep Begin(SweepStatus status)
    {
        var active = _active = new(services, Sweep, status);
        StayWhile(active).Ignore();
        return active;
    }

    /// <summary>Keeps this activation, idle or not, while the sweep is driven here.</summary>
    private async Task StayWhile(ActiveSweep active)
    {
        DelayDeactivation(Timeout.InfiniteTimeSpan);
        await active.Left;
        DelayDeactivation(TimeSpan.Zero);
    }

    /// <summary>Leaves the sweep, and lives on another silo from now on, because this one is about to end.</summary>
    private async Task GoElsewhere()
    {
        if (Active is { } active)
        {
            active.HandOver();
            await active.Left;
        }

        Departure.From(this, services.Cluster);
    }

    private SweepStatus Written() => Sweep.ReadStatus() ?? throw new SweepNotFoundException(Sweep.Id.Text);
}
