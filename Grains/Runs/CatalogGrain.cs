using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Forks;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Takes runs in and lists them. Holds nothing that the run store does not.</summary>
[Reentrant, PreferLocalPlacement] // Opening one submission's data must not hold up a look at the list.
internal sealed class CatalogGrain(
    RunStore store, RunDataCache data, DataRoots roots, ClusterView cluster, ILocalSiloDetails self, IOptions<ClusterOptions> options,
    RunForks forks, TimeProvider time) : Grain, ICatalogGrain
{
    public async Task<SubmitReply> Submit(SubmitRequest request)
    {
        if (SubmissionCheck.Refusal(request.Run, request.Priority, request.Protocol) is { } refusal)
            return new([refusal], "");
        var document = SubmissionCheck.Read(request.Spec, roots, store.Reader);
        if (document.Spec is not { } asked)
            return new(document.Problems, "");
        if (asked.Train.Threads > 1 && ThreadsCheck.FindProblem(asked, await cluster.Look()) is { } tooMany)
            return new([document.Locate(tooMany)], "");
        if (asked.Train.UsesTensorCores && PrecisionCheck.FindProblem(asked, await cluster.Look()) is { } noGpu)
            return new([document.Locate(noGpu)], "");
        RunDataLease lease;
        try
        {
            lease = await Task.Run(() => data.Acquire(request.Run, asked));
        }
        catch (SpecException e)
        {
            return new([.. e.Problems.Select(document.Locate)], "");
        }

        // Held until the coordinator has taken its own share, so that the data are read through once.
        using (lease)
        {
            var run = store.Of(request.Run);
            var birth = await Task.Run(() => store.Create(lease.Spec, First(request, lease, run), lease.Born));
            if (birth == RunBirth.TakenByAnother)
                return new([new("", $"run id '{request.Run}', which is taken", "one that no run of another spec has",
                    "submit under another id")], "");
            if (birth == RunBirth.AlreadyThere && await Task.Run(() => OtherData(request.Run, lease)) is { } other)
                return new([other], "");
            await Start(request.Run);
            return new([], run.Path, Reattached: birth == RunBirth.AlreadyThere);
        }
    }

    public async Task<SubmitReply> Fork(ForkRequest request)
    {
        var found = SubmissionCheck.Refusal(request.Run, request.Priority, request.Protocol) ?? SubmissionCheck.CheckFork(request);
        if (found is { } refusal)
            return new([refusal], "");
        var (birth, problems) = await forks.Fork(request);
        if (problems.Count > 0)
            return new(problems, "");
        await Start(request.Run);
        return new([], store.Of(request.Run).Path, Reattached: birth == RunBirth.AlreadyThere);
    }

    public Task<IReadOnlyList<RunStatus>> List() => Task.Run(store.List);

    public async Task<ClusterReport> Describe()
    {
        var silos = await cluster.Look();
        return new(
            options.Value.ClusterId, ProtocolVersion.Product, ProtocolVersion.Current,
            [.. silos.Select(silo => silo.Report).OrderBy(silo => silo.Name, StringComparer.Ordinal)]);
    }

    public Task<IReadOnlyList<SiloLoad>> Loads() => cluster.LookAtLoads();

    private Task Start(RunId run) =>
        PlacementHint.CallOn(self.SiloAddress, GrainFactory.GetGrain<ICoordinatorGrain>(run.Text).EnsureRunning);

    /// <summary>That there is a run of this id and spec, on other data: it would be taken for one on these.</summary>
    private SpecProblem? OtherData(RunId run, RunDataLease lease)
    {
        try
        {
            return store.ReadData(run) is { } born
                && lease.FindDifference(born.Files) is { } difference
                ? new("", $"run id '{run}', which is taken by a run of this spec on other data ({difference})",
                    "one that no run on other data has", "submit under another id")
                : null;
        }
        catch (InvalidDataException damage)
        {
            return new("", damage.Message, "the run's data.json", "put it back");
        }
    }

    private RunStatus First(SubmitRequest request, RunDataLease lease, RunDirectory run) => new()
    {
        Id = request.Run.Text,
        Name = lease.Spec.Name,
        State = RunState.Starting,
        Epochs = lease.Spec.Train.Epochs,
        Step = lease.Spec.Extends?.Step ?? 0,
        StepsBefore = lease.Spec.Extends?.Step ?? 0,
        Data = lease.Born.Description!.Summary,
        Directory = run.Path,
        Priority = request.Priority,
        Cluster = options.Value.ClusterId,
        SubmittedAt = time.GetUtcNow(),
        UpdatedAt = time.GetUtcNow(),
        Trace = Traces.Current,
        Sweep = request.Sweep is { Length: > 0 } sweep ? sweep : null,
    };
}
