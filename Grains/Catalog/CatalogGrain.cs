using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Catalog;

/// <summary>Takes runs in and lists them. Holds nothing that the run store does not.</summary>
[Reentrant, PreferLocalPlacement] // Opening one submission's data must not hold up a look at the list.
internal sealed class CatalogGrain(RunStore store, RunDataCache data, IGrainFactory grains, TimeProvider time) : Grain, ICatalogGrain
{
    public async Task<SubmitReply> Submit(SubmitRequest request)
    {
        RunDataLease lease;
        try
        {
            lease = await Task.Run(() => data.Acquire(request.Run, request.Spec));
        }
        catch (SpecException e)
        {
            return new(e.Problems, "");
        }

        // Held until the coordinator has taken its own share, so that the data are read through once.
        using (lease)
        {
            var run = store.Of(request.Run);
            var status = new RunStatus
            {
                Id = request.Run.Text,
                Name = lease.Spec.Name,
                State = RunState.Starting,
                Epochs = lease.Spec.Train.Epochs,
                Directory = run.Path,
                SubmittedAt = time.GetUtcNow(),
                UpdatedAt = time.GetUtcNow(),
            };
            if (!await Task.Run(() => store.TryCreate(lease.Spec, status)))
                return new([RunDataCache.IdTaken(request.Run)], "");
            await grains.GetGrain<ICoordinatorGrain>(request.Run.Text).Start(lease.Spec);
            return new([], run.Path);
        }
    }

    public Task<IReadOnlyList<RunStatus>> List() => Task.Run(store.List);
}
