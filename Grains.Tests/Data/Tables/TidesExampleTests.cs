using Apache.Arrow;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>The example of a Parquet file, against the formulas that it was made by.</summary>
public sealed class TidesExampleTests
{
    private const int Hours = 2400;

    [Fact]
    public void File_HasTheValuesOfItsFormulas()
    {
        using IDataSource source = Given.Open(new DataSpec
        {
            BatchSize = 1,
            Source = new ParquetSource
            {
                Path = SourceTree.Of("examples", "data", "tides.parquet"), Inputs = ["level", "pressure"], Targets = ["level"],
                Time = "time", Step = "1h", MissingValues = MissingValues.Mask, Standardize = false,
            },
        });
        float[] read = source.Training.Inputs(0, source.Shape.InputFeatures);
        Assert.Equal(Hours - 1, source.Training.Length(0));
        for (int hour = 0; hour < Hours - 1; hour++)
        {
            Assert.Equal(Level(hour) is { } level ? (float)level : 0, read[3 * hour]);
            Assert.Equal((float)Pressure(hour), read[(3 * hour) + 1]);
        }
    }

    /// <summary>The file's rows; writing them by <see cref="FormatFiles.Parquet"/> with Zstandard gives the file.</summary>
    internal static RecordBatch Rows()
    {
        var begin = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var times = new TimestampArray.Builder(Apache.Arrow.Types.TimeUnit.Millisecond, TimeZoneInfo.Utc);
        var (levels, pressures) = (new DoubleArray.Builder(), new DoubleArray.Builder());
        for (int hour = 0; hour < Hours; hour++)
        {
            times.Append(begin.AddHours(hour));
            levels.Append(Level(hour));
            pressures.Append(Pressure(hour));
        }

        return new RecordBatch.Builder()
            .Append("time", false, times.Build()).Append("level", true, levels.Build()).Append("pressure", false, pressures.Build())
            .Build();
    }

    private static double Pressure(int hour) =>
        Math.Round(1013 + (12 * Math.Sin(2 * Math.PI * hour / 160)) + (5 * Math.Sin(2 * Math.PI * hour / 71)), 1);

    private static double? Level(int hour) => hour % 97 == 13 ? null : Math.Round(
        (2.1 * Math.Cos(2 * Math.PI * hour / 12.42)) + (0.7 * Math.Cos(2 * Math.PI * hour / 12))
        + (0.4 * Math.Cos(2 * Math.PI * hour / 23.93)) - (0.01 * (Pressure(hour) - 1013)), 3);
}
