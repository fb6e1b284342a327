using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Divides a run's shards among another number of trainers between two steps: the same bits, because sums go over shards. What takes long
/// is done while the trainers train on: new ones open data and replica, and the spec is written. Then every trainer is given its shards
/// with their hidden states, which is all that the next step waits for.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
internal sealed class TrainerResizer
{
    private readonly TrainerAssigner _assigner;
    private readonly Recovery _recovery;
    private readonly RunProgress _run;
    private readonly RunControl _control;
    private readonly TrainingState _state;
    private ResizeWish? _begun;
    private Task<(IReadOnlyList<SiloAddress> Homes, string Problem)>? _preparing;
    private bool _isPlaced;

    /// <summary>Listens to wishes from now on.</summary>
    /// <param name="assigner">Places trainers.</param>
    /// <param name="recovery">Gives them their shards.</param>
    /// <param name="run">The run.</param>
    /// <param name="control">What is wanted of it.</param>
    /// <param name="state">The committed state.</param>
    public TrainerResizer(TrainerAssigner assigner, Recovery recovery, RunProgress run, RunControl control, TrainingState state)
    {
        (_assigner, _recovery, _run, _control, _state) = (assigner, recovery, run, control, state);
        control.ResizeWished = Prepare;
    }

    /// <summary>Between two steps: does what there is to do for a wish. Costs a look where nobody has one.</summary>
    /// <exception cref="RunLeftException">The run shall end, or the trainers' own work fails.</exception>
    public async Task ResizeIfWished()
    {
        _isPlaced = true;
        if (_control.Resizing is not { Done.IsCompleted: false } wish)
            return;
        Prepare();
        if (!_preparing!.IsCompleted)
            return;
        var (homes, problem) = await _preparing;
        if (problem.Length == 0 && wish.Trainers != _assigner.Count)
            await Divide(wish, homes);
        wish.Finish(problem);
    }

    /// <summary>The run is left: trainers that were to come go, once they are open.</summary>
    public async Task LetGo()
    {
        if (_begun is not { Done.IsCompleted: false } wish || _preparing is null)
            return;
        var (_, problem) = await _preparing;
        if (problem.Length == 0)
            _assigner.LetNewcomersGo(wish.Trainers);
    }

    private void Prepare()
    {
        if (_isPlaced && _control.Resizing is { Done.IsCompleted: false } wish && _begun != wish)
            (_begun, _preparing) = (wish, Prepare(wish.Trainers));
    }

    /// <summary>The spec comes first: who takes the run over meanwhile has as many trainers, and finds those that are new.</summary>
    private async Task<(IReadOnlyList<SiloAddress> Homes, string Problem)> Prepare(int trainers)
    {
        int before = _assigner.Count;
        if (_assigner.FindProblem(trainers) is { Length: > 0 } unfit)
            return ([], unfit);
        if (await Write(trainers) is { } problem)
            return ([], problem);
        var opened = await Open(trainers);
        if (opened.Problem.Length > 0 && await Write(before) is { } further)
            return ([], $"{opened.Problem}; {further}");
        return opened;
    }

    private async Task<(IReadOnlyList<SiloAddress> Homes, string Problem)> Open(int trainers)
    {
        try
        {
            return await _assigner.OpenNewcomers(trainers, _state);
        }
#pragma warning disable CA1031 // However it fails, the run continues with the trainers that it has.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _assigner.LetNewcomersGo(trainers);
            return ([], e.Message);
        }
    }

    private async Task<string?> Write(int trainers)
    {
        try
        {
            await Task.Run(() => _run.Divide(trainers));
            return null;
        }
        catch (Exception e) when (e is (IOException and not SupersededException) or UnauthorizedAccessException)
        {
            return $"the run's spec cannot be written: {e.Message}";
        }
    }

    private async Task Divide(ResizeWish wish, IReadOnlyList<SiloAddress> homes)
    {
        long started = _run.Time.GetTimestamp();
        int before = _assigner.Count;
        _assigner.Divide(wish.Trainers, homes);
        await _recovery.GiveShards(_state);
        _run.Resize(_state.Step, before, wish.Trainers, wish.Reason, _run.Time.GetElapsedTime(started));
    }
}
