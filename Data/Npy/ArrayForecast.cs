using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>An array of inputs that a trained model is to forecast from; outputs are the numbers that it was trained on.</summary>
internal sealed class ArrayForecast : IForecastData
{
    private readonly ArrayFiles _files;

    private ArrayForecast(ArrayFiles files, int[]? lengths, ArrayShapes shapes, DataShape shape, IReadOnlyList<SeriesRows> series)
    {
        (_files, Shape, Series) = (files, shape, series);
        SeriesColumn = shapes.IsStream ? null : "sequence";
        Sequences = new ArraySequences(shape, shapes, new(shapes, files), lengths) { AreNumbered = !shapes.IsStream };
    }

    public DataShape Shape { get; }

    public ISequenceSet Sequences { get; }

    public IReadOnlyList<SeriesRows> Series { get; }

    public IReadOnlyList<(int Sequence, int Step)> Arrivals => [];

    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>An output belongs to the time step of its input.</summary>
    public int Horizon => 0;

    public string? SeriesColumn { get; }

    public string? TimeColumn => null;

    public string? Seam => null;

    /// <summary>Opens an array.</summary>
    /// <param name="source">What the model was trained on.</param>
    /// <param name="spec">The spec of its training.</param>
    /// <param name="trained">Names its outputs.</param>
    /// <param name="path">The file, and behind a comma that of the sequences' lengths.</param>
    /// <param name="before">Where the sequences ended whose time steps follow; null where they stand alone.</param>
    /// <exception cref="SpecException">It cannot be forecast from; carries every mistake found.</exception>
    public static ArrayForecast Open(
        ArraySource source, RunSpec spec, SourceDescription trained, string path, IReadOnlyList<SeriesEnd>? before)
    {
        var problems = new ProblemList();
        string[] paths = [.. path.Split(',', 2).Select(one => Path.GetFullPath(one.Trim()))];
        var files = new ArrayFiles(
            NpyArray.TryOpen(paths[0], problems), null, paths.Length > 1 ? NpyArray.TryOpen(paths[1], problems) : null, null);
        try
        {
            problems.ThrowIfAny();
            NpyArray inputs = files.Inputs!;
            ArrayShapes shapes = ShapesOf(inputs, source.IsStream, spec, problems) ?? throw new SpecException(problems.ToList());
            int[]? lengths = files.Lengths is null ? null : ArrayLengths.Read(files.Lengths, inputs, shapes, problems);
            problems.ThrowIfAny();
            int Steps(int sequence) => lengths is null ? shapes.Steps : lengths[sequence];
            var contents = new ArrayContents(source, shapes, files, problems);
            contents.CheckInputs(Enumerable.Range(0, shapes.Sequences).Select(
                sequence => new RowRange((long)sequence * shapes.Steps, Steps(sequence))));
            int vocabulary = spec.Model.Embedding?.Vocabulary ?? 0;
            if (shapes.HasTokens && contents.Vocabulary > vocabulary)
            {
                problems.Add(
                    DataKeys.Source, $"the token {contents.Vocabulary - 1} in {inputs}", $"tokens from 0 to {vocabulary - 1}",
                    "number them as in training");
            }

            problems.ThrowIfAny();
            int outputs = spec.Model.OutputSize!.Value;
            LossSpec loss = spec.Train.Loss;
            bool ofClasses = loss.OfClasses;
            int targets = outputs / loss.OutputsPerTarget;
            var shape = new DataShape(shapes.InputWidth, vocabulary, ofClasses ? 0 : targets, ofClasses ? outputs : 0) { IsMasked = true };
            var ends = (before ?? []).ToDictionary(end => end.Name, end => end.Rows);
            return new(files, lengths, shapes, shape, [.. Enumerable.Range(0, shapes.Sequences).Select(sequence =>
            {
                string name = shapes.IsStream ? "" : sequence.ToString(CultureInfo.InvariantCulture);
                return new SeriesRows(sequence, null, null, new(name, ends.GetValueOrDefault(name) + Steps(sequence), null, null));
            })])
            {
                Targets = ofClasses ? [.. Enumerable.Range(0, outputs).Select(i => $"class {i}")]
                    :
                    [
                        .. Enumerable.Range(0, targets)
                            .Select(i => trained.Targets.Count == targets ? trained.Targets[i] : $"output {i + 1}")
                            .SelectMany(name => loss.Predictions.Select(one => one.NameOf(name))),
                    ],
            };
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public long FirstRow(int sequence) => Series[sequence].End.Rows - Sequences.Length(sequence);

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> outputs, Span<double> destination)
    {
        for (int i = 0; i < outputs.Length; i++)
            destination[i] = outputs[i];
    }

    public double? InstantOf(int sequence, int step) => null;

    public string? TimeOf(int sequence, int step) => null;

    public void Dispose() => _files.Dispose();

    private static ArrayShapes? ShapesOf(NpyArray inputs, bool isStream, RunSpec spec, ProblemList problems)
    {
        IReadOnlyList<long> axes = inputs.Header.Shape;
        bool hasTokens = spec.Model.Embedding?.Vocabulary is not null;
        int features = hasTokens ? 1 : spec.Model.ValueInputs, before = isStream ? 1 : 2;
        bool isFlat = axes.Count == before && features == 1, isWide = !hasTokens && axes.Count == before + 1 && axes[^1] == features;
        if ((!isFlat && !isWide) || (hasTokens && !inputs.Header.Type.IsInteger))
        {
            string leading = isStream ? "T" : "N, T";
            problems.Add(
                DataKeys.Source, $"{inputs}",
                hasTokens ? $"tokens, whole numbers of shape [{leading}]" : $"values of shape [{leading}, {features}]",
                axes.Count == before && features > 1 && !isStream && axes[^1] == features ? "save array[None] if it is one sequence"
                    : "save the inputs as those that the model was trained on");
            return null;
        }

        return new()
        {
            IsStream = isStream, Sequences = isStream ? 1 : (int)axes[0], Steps = (int)axes[before - 1],
            InputWidth = hasTokens ? 0 : features, TargetWidth = 1,
        };
    }
}
