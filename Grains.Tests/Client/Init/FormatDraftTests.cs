using System.Globalization;
using System.IO.Compression;
using Apache.Arrow;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Data.Hdf5;
using Orleans.Tbptt.Tests.Data.Tables;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>Specs that are drafted for files whose format names columns and arrays.</summary>
public sealed class FormatDraftTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Parquet_OfOneSeries_NamesItsTime()
    {
        var (spec, text) = Drafted(SourceTree.Of("examples", "data", "tides.parquet"));
        var source = Assert.IsAssignableFrom<TableSource>(spec.Data.Source);
        Assert.Equal(("parquet", "time", null, MissingValues.Interpolate), (source.Word, source.Time, source.Series, source.MissingValues));
        Assert.Equal(["level", "pressure"], source.Inputs);
        Assert.Equal(["pressure"], source.Targets);
        Assert.Contains("#   level     -3.292 to 3.2, 25 cells missing", text, StringComparison.Ordinal);
        Assert.Contains("#   time      when the row was measured", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("arrow", false)]
    [InlineData("feather", true)]
    [InlineData("parquet", true)]
    public void SeriesBelowEachOther_AreNamed_WhereTheirTimesAreInOrder(string extension, bool interleaved)
    {
        string path = _directory.File($"shops.{extension}");
        var times = new TimestampArray.Builder(Apache.Arrow.Types.TimeUnit.Millisecond, TimeZoneInfo.Utc);
        var (shops, notes, sales) = (new StringArray.Builder(), new StringArray.Builder(), new DoubleArray.Builder());
        for (int i = 0; i < 200; i++)
        {
            (int shop, int day) = interleaved ? (i % 4, i / 4) : (i / 50, i % 50);
            times.Append(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day));
            shops.Append($"shop {shop}");
            notes.Append($"{i}");
            sales.Append(Math.Sin(day) + shop);
        }

        RecordBatch rows = new RecordBatch.Builder().Append("sales", false, sales.Build()).Append("note", false, notes.Build())
            .Append("day", false, times.Build()).Append("shop", false, shops.Build()).Build();
        if (extension == "parquet")
            FormatFiles.Parquet(path, [rows]);
        else
            FormatFiles.Arrow(path, [rows]);

        var source = Assert.IsAssignableFrom<TableSource>(Drafted(path).Spec.Data.Source);
        Assert.Equal(("day", "shop", TableScale.Series), (source.Time, source.Series, source.Scale));
        Assert.Equal(["sales"], source.Inputs);
    }

    [Fact]
    public void JsonLines_AreRead_WithoutTime()
    {
        string path = _directory.File("x.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 100).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"{{\"load\": {i * 0.5}}}")));
        var source = Assert.IsAssignableFrom<TableSource>(Drafted(path).Spec.Data.Source);
        Assert.Equal(("jsonl", null, null), (source.Word, source.Time, source.Series));
    }

    [Fact]
    public void Arrays_AreFoundByTheirNames()
    {
        string path = _directory.File("x.npz");
        using (var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
        {
            foreach (string name in new[] { "y_train", "x_train" })
            {
                using Stream entry = archive.CreateEntry($"{name}.npy").Open();
                entry.Write(NpyFiles.Of<float>("<f4", "100, 2", new float[200]));
            }
        }

        var named = Assert.IsAssignableFrom<NamedArraySource>(Drafted(path).Spec.Data.Source);
        Assert.Equal(["x_train", "y_train"], named.Members);
        Assert.Equal(ArrayLayout.Stream, named.Layout);

        path = _directory.File("x.h5");
        File.WriteAllBytes(path, Hdf5Files.Unpack("roles"));
        named = Assert.IsAssignableFrom<NamedArraySource>(Drafted(path).Spec.Data.Source);
        Assert.Equal(("hdf5", 0, ArrayLayout.Auto), (named.Word, named.Members.Count, named.Layout));
    }

    /// <summary>Lanes are counted of what is left behind the sequences that are held out.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(50)]
    public void Arrays_OfAnyNumberOfSequences_GetASpecThatCanBeTrained(int steps)
    {
        for (int sequences = 1; sequences <= 40; sequences++)
        {
            string path = _directory.File("x.npz");
            using (var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
            {
                foreach (var (name, features) in new[] { ("inputs", 2), ("targets", 1) })
                {
                    using Stream entry = archive.CreateEntry($"{name}.npy").Open();
                    entry.Write(NpyFiles.Of<float>(
                        "<f4", $"{sequences}, {steps}, {features}", new float[sequences * steps * features]));
                }
            }

            RunSpec spec = Drafted(path).Spec;
            Assert.Equal(sequences >= 7 && sequences * steps >= 60 ? 0.15 : 0, spec.Data.ValidationFraction);
            Assert.Equal(
                Math.Min(32, sequences - (int)Math.Round(spec.Data.ValidationFraction * sequences, MidpointRounding.AwayFromZero)),
                spec.Data.BatchSize);
        }
    }

    [Fact]
    public void Arrays_OfOtherNames_AreListed()
    {
        string path = _directory.File("x.h5");
        File.WriteAllBytes(path, Hdf5Files.Unpack("latest"));
        DataFault fault = Assert.Single(Assert.Throws<DataFaultException>(() => Draft.Of(path, _directory.File("x.yaml"))).Faults);
        Assert.StartsWith("arrays 'contiguous', ", fault.Found, StringComparison.Ordinal);
        Assert.Equal($"write source: hdf5:{path} and members: [INPUTS, TARGETS] in data", fault.Remedy);
    }

    [Fact]
    public void File_ThatCannotBeTrainedOn_IsRefused_AsTrainingRefusesIt()
    {
        string path = _directory.File("x.parquet");
        File.WriteAllText(path, "a,b\n1,2\n");
        Assert.Contains("no Parquet file", Assert.Throws<SpecException>(() => Draft.Of(path, _directory.File("x.yaml"))).Message,
            StringComparison.Ordinal);
    }

    private (RunSpec Spec, string Text) Drafted(string data)
    {
        string path = _directory.File("spec.yaml"), text = Draft.Of(data, path).Spec;
        var document = SpecLoader.Parse(text, path, _directory.Path, filesMustExist: true);
        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!);
        Assert.True(run.Description.Lanes.StepsPerEpoch > 0);
        return (document.Spec!, text);
    }
}
