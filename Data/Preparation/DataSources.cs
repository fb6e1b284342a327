using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Hdf5;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Data.Text.Tokenizers;
using Orleans.Tbptt.Data.Tsf;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Every source of data that a spec can name.</summary>
public static class DataSources
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<OpenableSource> All { get; } =
    [
        new AverageSource(), new SineSource(), new CsvSource(), new ParquetSource(), new ArrowSource(), new JsonLinesSource(),
        new TsfSource(), new NpySource(), new NpzSource(), new Hdf5Source(), new ByteSource(), new CharacterSource(),
        new WordSource(), new TokenSource(),
    ];

    /// <summary>
    /// Opens the source that a spec names and checks all of its contents, reading each file once from end to end (bytes: only its length).
    /// </summary>
    /// <remarks><see cref="SpecResolver"/> compares the sizes with those of the model.</remarks>
    /// <param name="spec">The spec.</param>
    /// <param name="opened">Opens each file.</param>
    /// <exception cref="SpecException">The data cannot be trained on; carries every mistake found.</exception>
    internal static IDataSource Open(RunSpec spec, InputFiles opened) => ((OpenableSource)spec.Data.Source).Open(spec, opened);
}
