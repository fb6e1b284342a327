using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Telemetry;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Forks;

/// <summary>
/// Makes the directory of a run that begins with a state of another one, the parent. S(N) of the parent is computed again, and is the new
/// run's first checkpoint; from there on it is a run like any other.
/// </summary>
/// <remarks>
/// Checkpoint, <c>fork.json</c> and then the spec, which is what makes it a run: who is killed on the way leaves no run, or one that has
/// all that it begins with. The same request again finishes what was begun.
/// </remarks>
internal sealed class RunForker(
    RunStore store, CheckpointStore checkpoints, RunDataCache cache, DataRoots roots, OpenReplica open, SiloSelf self,
    IOptions<ClusterOptions> cluster, TimeProvider time)
{
    /// <summary>Makes it, or finds it. Blocks while states are computed; call it on a thread of its own.</summary>
    /// <param name="request">What is wanted. A client is not to be trusted.</param>
    /// <returns>What came of it, and every reason why there is no such run.</returns>
    public (RunBirth Birth, IReadOnlyList<SpecProblem> Problems) Fork(ForkRequest request)
    {
        var parent = store.Of(request.Parent);
        try
        {
            if (!File.Exists(parent.Spec))
                return Refused(new("", $"no run '{request.Parent}'", "a run of this run store", "name another one"));
            var text = new SpecText(File.ReadAllText(parent.Spec), parent.Spec, parent.Path) { Sets = request.Sets };
            var document = ForkRevision.Read(text, store.Reader);
            return document.Spec is { } spec ? Fork(request, parent, spec, document) : (RunBirth.TakenByAnother, document.Problems);
        }
        catch (SpecException unfit)
        {
            return (RunBirth.TakenByAnother, unfit.Problems);
        }
        catch (ReplayException cannot)
        {
            return Refused(new("", cannot.Message, $"step {request.Step} of run {request.Parent}", "correct it, and fork again"));
        }
    }

    private (RunBirth Birth, IReadOnlyList<SpecProblem> Problems) Fork(
        ForkRequest request, RunDirectory parent, RunSpec spec, SpecDocument document)
    {
        var child = store.Of(request.Run);
        var fork = new RunFork(request.Parent.Text, request.Step, request.Sets);
        if (File.Exists(child.Spec) && !fork.Equals(child.ReadFork()))
            return Taken(request);

        // Checks the spec against the data, and has them open for the coordinator.
        using var lease = cache.Acquire(request.Run, spec);
        if (File.Exists(child.Spec))
            return (store.Create(lease.Spec, First(request, fork, lease, null), lease.Born), []);
        using var replay = RunReplay.Open(parent, Options(spec));
        long last = Math.Max(parent.ReadStatus()?.Step ?? 0, 0);
        if (request.Step > last)
        {
            return Refused(new(
                "", $"step {request.Step} of run {request.Parent}", $"0 to {last}, the steps that it has made", "choose one of them"));
        }

        replay.To(request.Step, EpochEnd.After);
        if (ForkRevision.ProblemsAt(replay.Spec, lease.Spec, replay.Next) is { Count: > 0 } problems)
            return (RunBirth.TakenByAnother, [.. problems.Select(document.Locate)]);
        var state = Begin(request, lease, replay);
        WriteBest(request, lease, replay);
        DurableFile.WriteText(child.Fork, RunJson.Write(fork));
        var birth = store.Create(lease.Spec, First(request, fork, lease, state), lease.Born);
        return birth == RunBirth.TakenByAnother ? Taken(request) : (birth, []);
    }

    /// <summary>Writes the state as the new run's first checkpoint.</summary>
    private CheckpointState Begin(ForkRequest request, RunDataLease lease, RunReplay replay)
    {
        // What a former try left that was cut short.
        string former = store.Of(request.Run).Checkpoints;
        if (Directory.Exists(former))
            Directory.Delete(former, recursive: true);
        return Write(request, lease, replay);
    }

    /// <summary>
    /// The best epoch may be one of the parent's; then a run that leaves the best epoch's parameters needs that state, too.
    /// </summary>
    private void WriteBest(ForkRequest request, RunDataLease lease, RunReplay replay)
    {
        if (lease.Spec.Train.Output != OutputKind.Best || lease.Data.Validation is null
            || RunOutput.BestEpoch(replay.State.Losses) is not { } best || (best + 1 == replay.Next.Epoch && replay.Next.Chunk == 0))
            return;
        replay.To(replay.EndOf(best), EpochEnd.After);
        Write(request, lease, replay);
    }

    private CheckpointState Write(ForkRequest request, RunDataLease lease, RunReplay replay)
    {
        var (spec, figures, next) = (lease.Spec, replay.Figures(), replay.Next);
        var (before, state, snapshot) =
            (new TrainingSnapshot(replay.TrainedSpec), TrainingState.Empty(spec), new TrainingSnapshot(spec));
        replay.State.CopyTo(before);
        state.Restore(before);
        state.CopyTo(snapshot);
        bool isEpochEnd = next is { Chunk: 0, Epoch: > 0 };
        var about = new CheckpointState
        {
            Generation = 0,
            Epoch = next.Epoch,
            Chunk = next.Chunk,
            SequenceSteps = replay.SequenceSteps,
            LastEvent = 0,
            EpochLosses = figures.EpochLosses,
            ValidationLosses = figures.ValidationLosses,
            Metrics = figures.Metrics,
            HeldOut = figures.HeldOut,
            BestLoss = isEpochEnd && state.Losses is [.., var loss] && double.IsFinite(loss) ? loss : null,
            Device = DeviceKind.Cpu.Word,
            Data = lease.Files,
        };
        checkpoints.Write(request.Run, spec, snapshot, about, () => { }, rename => rename(0));
        return about with { Step = snapshot.Step };
    }

    private RunStatus First(ForkRequest request, RunFork fork, RunDataLease lease, CheckpointState? state) => new()
    {
        Id = request.Run.Text,
        Name = lease.Spec.Name,
        State = RunState.Starting,
        Epoch = state?.Epoch + 1 ?? 0,
        Epochs = lease.Spec.Train.Epochs,
        Step = request.Step,
        StepsBefore = request.Step,
        EpochLosses = state?.EpochLosses ?? [],
        ValidationLosses = state?.ValidationLosses ?? [],
        Metrics = state?.Metrics ?? [],
        Data = lease.Born.Description!.Summary,
        Directory = store.Of(request.Run).Path,
        Priority = request.Priority,
        Cluster = cluster.Value.ClusterId,
        SubmittedAt = time.GetUtcNow(),
        UpdatedAt = time.GetUtcNow(),
        Fork = fork,
        Sweep = request.Sweep is { Length: > 0 } sweep ? sweep : null,
        Trace = Traces.Current,
    };

    private ReplayOptions Options(RunSpec spec) => new()
    {
        Reader = store.Reader,
        Roots = roots,
        Open = Engine.Of(spec).On(DeviceName.Cpu) is FusedEngine ? null : replica => open(replica, DeviceName.Cpu),
        Threads = Engine.Of(spec).On(DeviceName.Cpu) is FusedEngine ? Math.Max(1, self.Slots) : 1,
    };

    private static (RunBirth, IReadOnlyList<SpecProblem>) Taken(ForkRequest request) => Refused(new(
        "", $"run id '{request.Run}', which is taken", "one that no other run has", "fork under another id"));

    private static (RunBirth, IReadOnlyList<SpecProblem>) Refused(SpecProblem problem) => (RunBirth.TakenByAnother, [problem]);
}
