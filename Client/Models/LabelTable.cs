using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>
/// The labels of sequences as they are written, one a row: with the row of its sequence at which it first is the likeliest class. Of
/// classes that follow each other alike the first one is a label, and the blank is none. With a beam they are the likeliest labels, each
/// with the row at which it most likely begins.
/// </summary>
internal sealed class LabelTable : IForecastTable
{
    private readonly IOutputTable<Label> _table;
    private readonly IForecastData _data;
    private readonly int _blank;
    private readonly LabelBeam? _beam;
    private int _before;

    /// <summary>Creates the table.</summary>
    /// <param name="context">The console.</param>
    /// <param name="data">What is forecast from.</param>
    /// <param name="output">The file, or <see cref="PredictCommand.Standard"/>.</param>
    /// <param name="unfinished">The name of the file until it is whole.</param>
    /// <param name="blank">The class that stands for no label.</param>
    /// <param name="width">The width of the beam; null for the labels of the likeliest path.</param>
    public LabelTable(ConsoleContext context, IForecastData data, string output, string unfinished, int blank, int? width)
    {
        (_data, _blank) = (data, blank);
        _beam = width is { } prefixes ? new(prefixes, data.Targets.Count, blank) : null;
        List<OutputColumn<Label>> columns =
        [
            new(data.SeriesColumn ?? "sequence") { Text = row => _data.Sequences.SeriesOf(row.Sequence) ?? "" },
            new("row") { Whole = row => row.Step + 1 }, new("label") { Whole = row => row.Class },
        ];
        _table = output == PredictCommand.Standard ? new CsvTable<Label>(context.Terminal.Out, columns, leaveOpen: true)
            : OutputFormats.Of(output, ForecastTable.OrStandard).Create(unfinished, columns);
    }

    /// <inheritdoc/>
    public long Rows { get; private set; }

    /// <summary>Labels so far.</summary>
    public long Labels { get; private set; }

    /// <inheritdoc/>
    public void Add(SequenceSlice slice, ReadOnlySpan<double> forecasts)
    {
        int classes = _data.Targets.Count;
        Rows += slice.Length;
        if (_beam is { } beam)
        {
            Search(beam, slice, forecasts);
            return;
        }

        if (slice.Start == 0)
            _before = _blank;
        for (int i = 0; i < slice.Length; i++)
        {
            int one = Likeliest(forecasts.Slice(i * classes, classes));
            if (one != _blank && one != _before)
            {
                _table.Add(new(slice.Sequence, slice.Start + i, one));
                Labels++;
            }

            _before = one;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private void Search(LabelBeam beam, SequenceSlice slice, ReadOnlySpan<double> forecasts)
    {
        int classes = _data.Targets.Count;
        if (slice.Start == 0)
            beam.Begin();
        for (int i = 0; i < slice.Length; i++)
        {
            if (!beam.TryAdd(forecasts.Slice(i * classes, classes)))
            {
                throw new ClientException(
                    $"--beam: found a score that is not finite in row {slice.Start + i + 1} of sequence {slice.Sequence}, counted from 0, "
                    + "expected finite ones; look at the inputs there", ExitCode.Failed);
            }
        }

        if (slice.Start + slice.Length < _data.Sequences.Length(slice.Sequence))
            return;
        foreach (var label in beam.Labels)
        {
            _table.Add(new(slice.Sequence, label.Step, label.Class));
            Labels++;
        }
    }

    /// <summary>The first of the largest scores.</summary>
    private static int Likeliest(ReadOnlySpan<double> scores)
    {
        int largest = 0;
        for (int k = 1; k < scores.Length; k++)
        {
            if (scores[k] > scores[largest])
                largest = k;
        }

        return largest;
    }

    /// <summary>A label.</summary>
    /// <param name="Sequence">Its sequence.</param>
    /// <param name="Step">The time step at which it begins.</param>
    /// <param name="Class">Its class.</param>
    private readonly record struct Label(int Sequence, int Step, int Class);
}
