using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Hdf5;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;
using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Alone in the process while they run: they measure it.</summary>
[CollectionDefinition(nameof(LargeDataTests), DisableParallelization = true)]
public sealed class LargeDataTestsDefinition;

[Collection(nameof(LargeDataTests))]
public sealed class LargeDataTests : IDisposable
{
    private const long Large = 200L << 20;
    private const long Most = 40L << 20;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Bytes_TakeNoMemory_HoweverLongTheFile()
    {
        string path = Sparse("x", [], Large);
        AssertFlat(Given.Bytes(path, lanes: 4, fraction: 0.1), source =>
            ReadAll(source.Training, (slice, _, tokens) => source.Training.ReadInputs(slice, tokens)));
    }

    [Fact]
    public void Npy_TakesNoMemory_HoweverLongTheFile()
    {
        string x = Sparse("x.npy", NpyFiles.Header("'<f4'", "64, 51200, 16"), Large);
        string y = Sparse("y.npy", NpyFiles.Header("'<i8'", "64, 51200"), 64 * 51200 * 8L);
        AssertFlat(Given.Npy(x, y), source => ReadAll(source.Training, (slice, values, _) => source.Training.ReadInputs(slice, values)));
    }

    [Fact]
    public void Hdf5_TakesLittleMemory_HoweverLongTheDatasets()
    {
        const int Sequences = 64, Steps = 51_200, Features = 16;
        string path = _directory.File("x.h5");
        var fastest = new H5Filter(DeflateFilter.Id, new() { [DeflateFilter.COMPRESSION_LEVEL] = 1 });
        var packed = new H5Dataset<float[]>(
            [Sequences, Steps, Features], chunks: [1, 6400, Features], datasetCreation: new(Filters: [ShuffleFilter.Id, fastest]));
        var plain = new H5Dataset<float[]>([Sequences, Steps, 1], chunks: [1, 6400, 1]);
        using (var writer = new H5File { ["inputs"] = packed, ["targets"] = plain }.BeginWrite(path))
        {
            float[] inputs = new float[Steps * Features], targets = new float[Steps];
            for (ulong i = 0; i < Sequences; i++)
            {
                writer.Write(packed, inputs, fileSelection: new HyperslabSelection(3, [i, 0, 0], [1, Steps, Features]));
                writer.Write(plain, targets, fileSelection: new HyperslabSelection(3, [i, 0, 0], [1, Steps, 1]));
            }
        }

        var data = new DataSpec { Source = new Hdf5Source { Path = path }, BatchSize = 2 };
        AssertFlat(data, source => ReadAll(source.Training, (slice, values, _) => source.Training.ReadInputs(slice, values)), 2 * Most);
    }

    [Fact]
    public void Csv_TakesLittleMemory_HoweverLongTheFile()
    {
        string path = _directory.File("x.csv");
        string[] before = Tables();
        using (var writer = new StreamWriter(path))
        {
            writer.Write("a,b,c,d,e,f,g,h\n");
            string block = string.Concat(Enumerable.Range(0, 1000)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"{i},0.{i},-{i},1e{i % 9},7,{i}.25,3,{i}\n")));
            for (int i = 0; i < 1500; i++)
                writer.Write(block);
        }

        AssertFlat(Given.Csv(path, lanes: 4, fraction: 0.1, standardize: true), source => ReadAll(source.Training, (slice, values, _) =>
        {
            source.Training.ReadInputs(slice, values.AsSpan(0, slice.Length * 8));
        }));
        Assert.Empty(Tables().Except(before));
    }

    [Fact]
    public void Synthetic_TakesNoMemory_WhenItIsLarge() => AssertFlat(
        Given.Synthetic("average", sequences: 1_000_000, length: 100),
        source => source.Training.ReadInputs(new(999_999, 0, 100), new float[1000]));

    [Theory]
    [InlineData("csv")]
    [InlineData("npy")]
    [InlineData("average")]
    public async Task Reading_GivesTheSameValues_OnManyThreadsAtOnce(string kind)
    {
        using IDataSource source = Given.Open(kind switch
        {
            "csv" => Given.Csv(_directory.Write("x.csv", "a\n" + string.Concat(Enumerable.Range(0, 5001).Select(i => $"{i}\n"))),
                lanes: 10),
            "npy" => Given.Npy(Npy("x.npy"), Npy("x.npy")).As(ArrayLayout.Sequences),
            _ => Given.Synthetic(kind, 10, 500),
        });
        int width = source.Shape.InputFeatures;
        float[][] expected = [.. Enumerable.Range(0, 10).Select(i => source.Training.Inputs(i, width))];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 300; i++)
            {
                var slice = new SequenceSlice((i + thread) % 10, i * 7 % 400, 100);
                var values = new float[100 * width];
                source.Training.ReadInputs(slice, values);
                Assert.Equal(expected[slice.Sequence][(slice.Start * width)..((slice.Start + 100) * width)], values);
            }
        })));
    }

    /// <summary>Tables in the machine's temporary directory, where other processes may have left theirs.</summary>
    private static string[] Tables() => Directory.GetFiles(Path.GetTempPath(), "tbptt-*.table");

    private static void AssertFlat(DataSpec data, Action<IDataSource> read, long most = Most)
    {
        long before = Start();
        using (IDataSource source = Given.Open(data))
            read(source);
        Assert.InRange(Peak() - before, long.MinValue, most);
    }

    // What the process holds, without garbage that it could drop; from here on the kernel (if it is Linux) notes the most it held.
    private static long Start()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");
        return Environment.WorkingSet;
    }

    private static long Peak()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.WorkingSet;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 8), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture) << 10;
    }

    private static void ReadAll(ISequenceSet set, Action<SequenceSlice, float[], long[]> read)
    {
        float[] values = new float[1000 * 16];
        long[] tokens = new long[1000];
        for (int sequence = 0; sequence < set.Count; sequence++)
        {
            for (int start = 0; start + 1000 <= set.Length(sequence); start += 1000)
                read(new(sequence, start, 1000), values, tokens);
        }
    }

    private string Npy(string name) =>
        _directory.Write(name, NpyFiles.Of<float>("<f4", "10, 500", [.. Enumerable.Range(0, 5000).Select(i => (float)i)]));

    private string Sparse(string name, byte[] start, long rest)
    {
        string path = _directory.Write(name, start);
        using FileStream file = File.OpenWrite(path);
        file.SetLength(start.Length + rest);
        return path;
    }
}
