using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>Data that grow behind a run that was trained on them.</summary>
public abstract class ExtendedData : IDisposable
{
    /// <summary>Has the data, and the run store of the parents.</summary>
    private protected TemporaryDirectory Directory { get; } = new();

    /// <summary>A table.</summary>
    protected string Csv => Directory.File("d.csv");

    /// <inheritdoc/>
    public void Dispose()
    {
        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected RunSpec Stream(int rows, int lanes = 1, double fraction = 0, bool standardize = false)
    {
        File.WriteAllText(Csv, Text(0, rows));
        return Parent.Write(Directory, Spec(lanes, fraction, standardize));
    }

    private protected RunSpec Spec(int lanes = 1, double fraction = 0, bool standardize = false) =>
        Given.Spec(Given.Csv(Csv, lanes, fraction, standardize));

    private protected RunSpec Panel(int rows, params string[] series)
    {
        File.WriteAllText(Csv, "shop,x\n");
        foreach (string name in series)
            Append(name, 0, rows);
        return Parent.Write(Directory, Given.Spec(new()
        {
            Source = new CsvSource { Path = Csv, Series = "shop", Inputs = ["x"], Standardize = false }, BatchSize = series.Length,
        }));
    }

    private protected static RunSpec Text(string source, string file) =>
        Given.Spec(
            new()
            {
                Source = source switch
                {
                    "bytes" => new Orleans.Tbptt.Data.Bytes.ByteSource { Glob = file },
                    "words" => new Orleans.Tbptt.Data.Text.WordSource { Glob = file },
                    _ => new Orleans.Tbptt.Data.Text.CharacterSource { Glob = file },
                },
                BatchSize = 1,
            },
            Given.Embedding, new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());

    private protected static RunSpec On(RunSpec spec, string file) =>
        spec with { Data = spec.Data with { Source = ((CsvSource)spec.Data.Source) with { Path = file } } };

    private protected static string Text(int from, int to) =>
        "x\n" + string.Concat(Enumerable.Range(from, to - from).Select(i => $"{i}\n"));

    private protected void Append(int from, int to) =>
        File.AppendAllText(Csv, string.Concat(Enumerable.Range(from, to - from).Select(i => $"{i}\n")));

    private protected void Append(string series, int from, int to) =>
        File.AppendAllText(Csv, string.Concat(Enumerable.Range(from, to - from).Select(i => $"{series},{i}\n")));

    private protected static float[] Numbers(int from, int to) => [.. Enumerable.Range(from, to - from).Select(i => (float)i)];
}
