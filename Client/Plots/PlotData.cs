using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Client.Plots;

/// <summary>A column as it is drawn.</summary>
/// <param name="Title">Its name.</param>
/// <param name="Lines">Its values over time.</param>
/// <param name="Column">Its description in the unit of the lines; null where the source has none.</param>
/// <param name="Unit">The unit of its values; empty for the data's.</param>
internal sealed record ColumnPanel(string Title, IReadOnlyList<ColumnLine> Lines, ColumnDescription? Column, string Unit = "");

/// <summary>What <c>tbptt data --plot</c> draws.</summary>
/// <param name="Panels">The columns.</param>
/// <param name="Borders">Where each part that is held out begins on the axis, where all sequences are parts of one stream.</param>
/// <param name="Parts">The parts in words.</param>
/// <param name="LeftOut">What is not drawn, in words; null for nothing.</param>
internal sealed record PlotData(IReadOnlyList<ColumnPanel> Panels, IReadOnlyList<double> Borders, string Parts, string? LeftOut)
{
    /// <summary>Whether places on the axis are dates (<see cref="TimeAxis"/>), and no time steps.</summary>
    public bool HasDates { get; private init; }

    private const int MostPanels = 12;
    private const int MostSequences = 40;
    private const int Block = 1 << 12;

    /// <summary>Reads the values of a run's columns.</summary>
    /// <exception cref="ClientException">It has no columns of numbers.</exception>
    public static PlotData Of(PreparedRun run)
    {
        var (data, contents) = (run.Data, run.Description.Contents);
        if (data.Shape.HasTokens)
            throw new ClientException("found tokens, expected columns of numbers for --plot; leave --plot out", ExitCode.Usage);
        // Classes are no numbers: they enter as vectors, apart from the other inputs.
        string[] inputs = Names(
            [.. contents.Inputs.Where(name => !contents.Columns.Any(column => column.Name == name && column.Classes.Count > 0))],
            data.Shape.InputFeatures, "input");
        var table = run.Spec.Data.Source as TableSource;
        int horizons = table?.Horizons ?? 1, horizon = table?.Horizon ?? 0;
        (string Name, int Feature, bool IsTarget)[] drawn =
        [
            .. inputs.Select((name, feature) => (name, feature, false)),
            .. data.Shape.HasClasses ? []
                : Names(table?.ColumnsOf(contents.Targets) ?? contents.Targets, data.Shape.TargetFeatures / horizons, "target")
                    .Select((name, column) => (name, column * horizons, true))
                    .Where(target => !inputs.Contains(target.name)),
        ];
        int left = Math.Max(0, drawn.Length - MostPanels);
        drawn = drawn[..(drawn.Length - left)];
        bool isStream = run.Spec.Data.Source.IsStream;
        var lines = drawn.Select(_ => new List<ColumnLine>()).ToArray();
        long at = 0;
        var borders = new List<double>();
        bool hasDates = new[] { data.Training, data.Validation, data.Test }.OfType<ISequenceSet>().All(TimeAxis.HasDates);
        Read(data.Training, DataPart.Training);
        Read(data.Validation, DataPart.Validation);
        Read(data.Test, DataPart.Test);
        int spare = isStream ? 0 : Math.Max(0, data.Training.Count - MostSequences);
        string?[] leftOut =
        [
            left > 0 ? Text.Plural(left, "further column") : null, spare > 0 ? Text.Plural(spare, "further sequence") : null,
        ];
        return new(
            [.. drawn.Select((column, i) => Panel(column.Name, lines[i], contents))],
            isStream ? borders : [],
            string.Join('\n',
            [
                $"trained on (blue): {run.Description.Training}",
                .. run.Description.Validation is { } validation ? new[] { $"validation (orange): {validation}" } : [],
                .. run.Description.Test is { } test ? new[] { $"test (green): {test}" } : [],
            ]),
            leftOut.OfType<string>().ToArray() is { Length: > 0 } some ? $"not drawn: {string.Join(", ", some)}" : null)
            {
                HasDates = hasDates,
            };

        void Read(ISequenceSet? set, DataPart part)
        {
            if (set is null)
                return;
            if (part != DataPart.Training)
                borders.Add(hasDates ? PlaceOf(set, 0, 0, false) : at);
            for (int sequence = 0; sequence < set.Count && (isStream || sequence < MostSequences); sequence++)
            {
                int length = set.Length(sequence);
                long first = isStream ? at : FirstOf(sequence, set, part);
                ColumnLine[] added =
                [
                    .. drawn.Select(column => new ColumnLine(
                        first, length, hasDates ? step => PlaceOf(set, sequence, (int)step, column.IsTarget) : null) { Part = part }),
                ];
                ReadSequence(data.Shape, set, sequence, drawn, added, contents);
                for (int i = 0; i < added.Length; i++)
                    lines[i].Add(added[i]);
                at += length;
            }
        }

        // A target lies behind its input.
        double PlaceOf(ISequenceSet set, int sequence, int step, bool isTarget) =>
            TimeAxis.OfDate(set.Times!.InstantOf(sequence, step + (isTarget ? horizon : 0)));

        // Where each part has the same series, behind what goes before in its own.
        long FirstOf(int sequence, ISequenceSet set, DataPart part)
        {
            ISequenceSet?[] before = [data.Training, part == DataPart.Test ? data.Validation : null];
            return part == DataPart.Training ? 0
                : before.OfType<ISequenceSet>().Where(one => one.Count == set.Count).Sum(one => (long)one.Length(sequence));
        }
    }

    private static void ReadSequence(
        DataShape shape, ISequenceSet set, int sequence, (string Name, int Feature, bool IsTarget)[] drawn, ColumnLine[] lines,
        SourceDescription contents)
    {
        var scales = drawn.Select(column => ScaleOf(contents, column.Name) ?? (Mean: 0, Deviation: 1)).ToArray();
        float[] inputs = new float[Block * shape.InputFeatures], targets = new float[Block * shape.TargetFeatures];
        for (int start = 0; start < set.Length(sequence); start += Block)
        {
            var slice = new SequenceSlice(sequence, start, Math.Min(Block, set.Length(sequence) - start));
            if (shape.InputFeatures > 0)
                set.ReadInputs(slice, inputs.AsSpan(0, slice.Length * shape.InputFeatures));
            if (drawn.Any(column => column.IsTarget))
                set.ReadTargets(slice, targets.AsSpan(0, slice.Length * shape.TargetFeatures));
            for (int i = 0; i < drawn.Length; i++)
            {
                var (values, width) = drawn[i].IsTarget ? (targets, shape.TargetFeatures) : (inputs, shape.InputFeatures);
                for (int step = 0; step < slice.Length; step++)
                    lines[i].Add((values[(step * width) + drawn[i].Feature] * scales[i].Deviation) + scales[i].Mean);
            }
        }
    }

    private static ColumnPanel Panel(string name, IReadOnlyList<ColumnLine> lines, SourceDescription contents)
    {
        bool isScaled = contents.Columns.Any(one => one.Name == name && one.Series is not null) && ScaleOf(contents, name) is null;
        return isScaled ? new(name, lines, null, "scaled per series")
            : new(name, lines, contents.Columns.FirstOrDefault(column => column.Name == name && column.Series is null));
    }

    /// <summary>Mean and deviation that all values of a column are standardised with; null where each series has others, or none.</summary>
    private static (double Mean, double Deviation)? ScaleOf(SourceDescription contents, string name)
    {
        var scales = contents.Columns.Where(column => column.Name == name)
            .Select(column =>
                column is { ScaleMean: { } mean, ScaleDeviation: { } deviation } ? (mean, deviation) : ((double, double)?)null)
            .OfType<(double, double)>().Distinct().Take(2).ToArray();
        return scales.Length == 1 ? scales[0] : null;
    }

    private static string[] Names(IReadOnlyList<string> names, int features, string otherwise) => names.Count == features
        ? [.. names] : [.. Enumerable.Range(1, features).Select(feature => features == 1 ? otherwise : $"{otherwise} {feature}")];
}
