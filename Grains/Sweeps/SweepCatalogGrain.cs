using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>Takes sweeps in and lists them. Holds nothing that the run store does not.</summary>
[Reentrant, PreferLocalPlacement] // Opening one sweep's data must not hold up a look at the list.
internal sealed class SweepCatalogGrain(
    SweepServices services, ILocalSiloDetails self, IOptions<ClusterOptions> cluster) : Grain, ISweepCatalogGrain
{
    private readonly SweepSubmission _submission = new(services.Store, services.Data, services.Roots);

    public async Task<SubmitReply> Submit(SweepRequest request)
    {
        if (SubmissionCheck.Refusal(request.Sweep, request.Priority, request.Protocol) is { } refusal)
            return new([refusal], "");
        if (request.Sweep.Text.Length > SweepDirectory.LongestId)
        {
            return new([new("", $"id '{request.Sweep}' of {request.Sweep.Text.Length} characters",
                $"{SweepDirectory.LongestId} or fewer, because the runs of trials have longer ones", "choose a shorter id")], "");
        }

        var reply = await Task.Run(() => _submission.Take(request, First(request)));
        if (reply.Problems.Count == 0)
            await PlacementHint.CallOn(self.SiloAddress, GrainFactory.GetGrain<ISweepGrain>(request.Sweep.Text).EnsureRunning);
        return reply;
    }

    public Task<IReadOnlyList<SweepStatus>> List() => Task.Run(services.Store.List);

    private SweepStatus First(SweepRequest request)
    {
        var now = services.Time.GetUtcNow();
        return new()
        {
            Id = request.Sweep.Text, Name = "", State = RunState.Starting, Cluster = cluster.Value.ClusterId,
            Directory = services.Store.Of(request.Sweep).Path, SubmittedAt = now, UpdatedAt = now, Priority = request.Priority,
        };
    }
}
