using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>Opens the source of data that a spec names.</summary>
public static class DataSources
{
    /// <summary>
    /// Opens the source and checks all of its contents, reading each file once from end to end (bytes: only its length).
    /// </summary>
    /// <remarks>
    /// <list type="bullet">
    /// <item><c>average</c>: inputs <c>[model.inputSize]</c>, 10 when left out, and half as many targets.</item>
    /// <item><c>sine</c>: one input, one target.</item>
    /// <item><c>csv</c>: the columns that <c>data.inputs</c> names, or else every named column whose first row holds a number;
    /// targets are the inputs' columns when <c>data.targets</c> is left out.</item>
    /// <item><c>npy</c>: given by the arrays' shapes and types.</item>
    /// <item><c>bytes</c>: tokens and classes are bytes, 256 of each. A glob knows <c>*</c> and <c>**</c>.</item>
    /// </list>
    /// <see cref="SpecResolver"/> compares these sizes with those of the model.
    /// </remarks>
    /// <exception cref="SpecException">The data are cannot be trained on; carries every mistake found.</exception>
    public static IDataSource Open(RunSpec spec) => Open(spec, new(DataRoots.Anywhere));

    /// <summary>The same, each file through <paramref name="opened"/>.</summary>
    internal static IDataSource Open(RunSpec spec, InputFiles opened) => spec.Data.Source switch
    {
        SourceKind.Average => AverageSource.Open(spec),
        SourceKind.Sine => SineSource.Open(spec),
        SourceKind.Csv => CsvSource.Open(spec.Data, opened),
        SourceKind.Npy => NpySource.Open(spec.Data, opened),
        SourceKind.Bytes => ByteSource.Open(spec.Data, opened),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Data.Source, "no such source"),
    };
}
