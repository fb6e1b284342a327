using Orleans.Tbptt.Data.Extending;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>A run that is ready to start: its spec resolved, its data open and checked.</summary>
public sealed class PreparedRun : IDisposable
{
    private readonly InputFiles _opened;

    private PreparedRun(RunSpec spec, IDataSource data, InputFiles opened, IReadOnlyList<DataFile> files) =>
        (Spec, Data, Files, _opened) = (spec, data, files, opened);

    /// <summary>The resolved spec: every size, and every column, is filled in.</summary>
    public RunSpec Spec { get; }

    /// <summary>The data; closed with this object.</summary>
    public IDataSource Data { get; }

    /// <summary>
    /// Every file that determines the result, with its content when it was opened: those of the run that this one extends, the data's files
    /// in order, then <c>model.initFrom</c>. Empty for synthetic data, and when no fingerprint was asked for.
    /// </summary>
    public IReadOnlyList<DataFile> Files { get; }

    /// <summary>
    /// Of a run that extends another one, for each lane from 0 on the lane of that run whose hidden state it begins with; -1, and for lanes
    /// behind the last one, hidden state zero. Empty for any other run.
    /// </summary>
    public IReadOnlyList<int> ContinuedLanes => (Data as GrownData)?.Lanes ?? [];

    /// <summary>What the run reads, and how its lanes are filled with it.</summary>
    public DataDescription Description => field ??= RunDescriber.Of(Spec, Data) with { Weights = Weights };

    private string? Weights { get; init; }

    /// <summary>Of a run that follows its file, how many bytes of that are read; null for any other run.</summary>
    public long? End => _opened.Followed?.End;

    /// <summary>
    /// Of a run that follows its file, how many more rows its next step needs than are read, at least; 0 for any other run.
    /// </summary>
    public int MissingRows => Data is GrownData grown && End is not null ? grown.Missing : 0;

    /// <summary>What exceeds the bounds of buffers and messages if a number of trainers work on a run.</summary>
    /// <param name="spec">The run's spec, resolved.</param>
    /// <param name="data">Its data.</param>
    /// <param name="trainers">How many trainers.</param>
    public static IReadOnlyList<SpecProblem> ProblemsOf(RunSpec spec, IDataSource data, int trainers)
    {
        ArgumentNullException.ThrowIfNull(data);

        return ProblemsOf(spec, trainers, (divided, problems) => LaneLimits.CheckBuffers(divided, data, problems));
    }

    /// <summary>The same, where the data are not open.</summary>
    /// <param name="spec">The run's spec, resolved.</param>
    /// <param name="data">What the run reads; null where nobody knows, and then buffers are not looked at.</param>
    /// <param name="trainers">How many trainers; with more than there are shards there will be as many shards.</param>
    public static IReadOnlyList<SpecProblem> ProblemsOf(RunSpec spec, DataDescription? data, int trainers) =>
        ProblemsOf(spec, trainers, (divided, problems) =>
        {
            if (data is not null)
                LaneLimits.CheckBuffers(divided, data, problems);
        });

    private static IReadOnlyList<SpecProblem> ProblemsOf(RunSpec spec, int trainers, Action<RunSpec, ProblemList> checkBuffers)
    {
        var problems = new ProblemList();
        int shards = Math.Max(trainers, spec.Train.ShardCount);
        var divided = spec with { Train = spec.Train with { Trainers = trainers, Shards = shards, Autoscale = null } };
        checkBuffers(divided, problems);
        LaneLimits.CheckMessages(divided, problems);
        LaneLimits.CheckGradients(divided, problems);
        return problems.ToList();
    }

    /// <summary>
    /// Opens the data of a spec, fills in the sizes that they determine, and checks everything: the call that a client makes before it
    /// submits and a silo before it trains. Preparing a resolved spec again gives the same spec.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="roots">The directories from which files may be read; any when left out.</param>
    /// <param name="fingerprint">
    /// Whether to hash every file, which <see cref="Files"/> and <see cref="FindChange"/> need; false to check only.
    /// </param>
    /// <param name="times">Whether the data keep the time of each row (<see cref="ISequenceSet.Times"/>), where they have one.</param>
    /// <param name="reader">
    /// Reads the spec of the run that this one extends, or of the model package that it begins with; may be left out for any other run.
    /// </param>
    /// <param name="end">Where the run follows its file, how many bytes of it are read; null up to the end of its last whole row.</param>
    /// <exception cref="SpecException">The run cannot start; carries every mistake found.</exception>
    public static PreparedRun Prepare(
        RunSpec spec, DataRoots? roots = null, bool fingerprint = true, bool times = false, SpecReader? reader = null, long? end = null) =>
        Prepare(spec, new InputFiles(roots ?? DataRoots.Anywhere) { KeepsTimes = times, End = end }, fingerprint, reader);

    /// <summary>Of the files of a run that follows one of them, how many bytes of that one were read; null for any other run.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="files">Its <see cref="Files"/>.</param>
    public static long? EndOf(RunSpec spec, IReadOnlyList<DataFile> files)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(files);

        return files.Count > FollowedAt(spec) && FollowedAt(spec) >= 0 ? files[FollowedAt(spec)].Length : null;
    }

    /// <summary>Which of its <see cref="Files"/> a run follows; -1 for none.</summary>
    /// <param name="spec">The run's spec.</param>
    public static int FollowedAt(RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);

        // Behind the two files of the run that it extends.
        return spec.Extends is { Follow: true } ? 2 : -1;
    }

    /// <summary>As the other one, with files that are opened in a way of their own.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="fingerprint">Whether to hash every file.</param>
    /// <param name="reader">
    /// Reads the spec of the run that this one extends, or of the model package that it begins with; may be left out for any other run.
    /// </param>
    /// <exception cref="SpecException">The run cannot start; carries every mistake found.</exception>
    internal static PreparedRun Prepare(RunSpec spec, InputFiles opened, bool fingerprint, SpecReader? reader = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Extends is { Follow: true })
            opened.Cut = (spec.Data.Source as OpenableSource)?.RowCut;
        InitialPackage? package = spec.Extends is null ? InitialPackage.Read(spec.Model.InitFrom, opened.Roots, reader) : null;
        (spec, IDataSource data) = Open(spec, opened, reader, package);
        try
        {
            var problems = new ProblemList();
            (RunSpec resolved, IReadOnlyList<SpecProblem> unfit, string? weights) =
                SpecResolver.Resolve(spec, data.Shape, data.Description, opened, package);
            problems.AddRange(unfit);
            LaneLimits.CheckSequences(spec, data, problems);
            if (unfit.Count == 0)
                LaneLimits.CheckBuffers(resolved, data, problems);
            if (problems.IsEmpty)
            {
                LaneLimits.CheckMessages(resolved, problems);
                LaneLimits.CheckGradients(resolved, problems);
            }

            if (problems.IsEmpty)
                TargetRules.Check(resolved.Train.Loss, data, problems);
            if (problems.IsEmpty)
                LabelRules.Check(resolved.Train.Loss, data, problems);
            if (problems.IsEmpty)
                LaneLimits.CheckBurnIn(resolved, data, problems);
            problems.ThrowIfAny();
            resolved = SpecResolver.Complete(resolved, data.Description);
            return new(resolved, data, opened, fingerprint ? opened.Hash() : []) { Weights = weights };
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Checks whether any file of <see cref="Files"/> has changed: one call to the file system per file; only a file
    /// that was written, replaced or touched since is read again. Thread-safe.
    /// </summary>
    /// <remarks>
    /// A new file that the spec's glob would match is not noticed here, because it was not opened; it is noticed when the data are
    /// opened again and their <see cref="Files"/> compared.
    /// </remarks>
    /// <returns>The first change, as text; null when there is none.</returns>
    /// <exception cref="InvalidOperationException">The run was prepared without fingerprints.</exception>
    public string? FindChange() => _opened.FindChange();

    /// <summary>
    /// How the files are not those of before, as text; null when they are. A file that is followed may have more behind what was read then.
    /// </summary>
    /// <param name="before">The <see cref="Files"/> of then.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string? FindDifference(IReadOnlyList<DataFile> before) => _opened.FindDifference(before);

    /// <summary>Of a run that follows its file, what has come behind what is read. Asks the file system; not thread-safe.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The run follows none.</exception>
    public FollowedLook Look() => (_opened.Followed ?? throw new InvalidOperationException("the run follows no file")).Look();

    /// <summary>
    /// Of a run that follows its file, the same with what has come behind what is read. That alone is read; of what was read before, a part
    /// is compared. This object stays as it is.
    /// </summary>
    /// <param name="end">How far the file is read; null up to the end of its last whole row.</param>
    /// <returns>
    /// Null where the file has to be opened anew, because it is not what it was, or because the rows of this object have been followed
    /// further already.
    /// </returns>
    /// <exception cref="SpecException">What has come cannot be trained on; carries every mistake found.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PreparedRun? TryGrow(long? end = null)
    {
        if (Data is not GrownData { Grow: { } grow } || _opened.TryGrow(end) is not { } opened)
            return null;
        GrownData data = grow(opened);
        try
        {
            var problems = new ProblemList();
            LaneLimits.CheckSequences(Spec, data, problems);
            problems.ThrowIfAny();
            if (!opened.Followed!.HasChangedWhileRead())
                return new(Spec, data, opened, opened.Hashed) { Weights = Weights };
            data.Dispose();
            return null;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();

    private static (RunSpec Spec, IDataSource Data) Open(RunSpec spec, InputFiles opened, SpecReader? reader, InitialPackage? package)
    {
        try
        {
            if (package is not null)
                return PackagedRun.Open(spec, package, opened);
            if (spec.Extends is not { } extends)
                return (spec, OwnFiles.AddTo(spec, opened, DataSources.Open(spec, opened)));
            ArgumentNullException.ThrowIfNull(reader);
            return ExtendedRun.Open(spec, ParentRun.Open(extends, opened, reader), opened);
        }
        catch (SpecException error)
        {
            // Without data no size can be checked, but an unreadable file of weights is reported as well.
            var problems = new ProblemList();
            problems.AddRange(error.Problems);
            InitialWeights.Check(spec.Model, sized: false, null, opened, problems);
            throw new SpecException(problems.ToList());
        }
    }
}
