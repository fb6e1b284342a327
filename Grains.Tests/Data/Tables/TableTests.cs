using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>What is common to all formats of tables, with one that lies in memory.</summary>
public sealed class TableTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Format_IsAReaderOfColumnsAndRows()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["when", "a", "b"], Types = [CellType.Time, CellType.Number, null],
            Rows = [.. Enumerable.Range(0, 9).Select(i => new object[] { "2020", (double)i, -i * 0.5 })],
        });
        Assert.Equal(new(2, 0, 2, 0), source.Shape);
        Assert.Equal([0f, 0, 1, -0.5f, 2, -1, 3, -1.5f], source.Training.Inputs(0, 2)[..8]);
        Assert.Equal([1f, -0.5f], source.Training.Targets(0, 2)[..2]);
    }

    [Fact]
    public void Cells_AreStandardisedInFloat64_BeforeTheyAreRounded()
    {
        double[] readings = [.. Enumerable.Range(0, 1000).Select(i => 1.7e9 + (60 * i) + (i % 7))];
        using IDataSource source = Open(new MemorySource
        {
            Names = ["reading"], Types = [CellType.Number], Standardize = true,
            Rows = [.. readings.Select(value => new object[] { value })],
        });
        double mean = readings.Average();
        double deviation = Math.Sqrt(readings.Average(value => (value - mean) * (value - mean)));
        float[] inputs = source.Training.Inputs(0);
        for (int i = 0; i < inputs.Length; i++)
            Assert.Equal((readings[i] - mean) / deviation, inputs[i], 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void Moments_AreThoseOfAll_HoweverTheyAreCut(int parts)
    {
        double[] numbers = [.. Enumerable.Range(0, 500).Select(i => i % 9 == 4 ? double.NaN : 1e9 + Math.Sin(i))];
        Moments total = numbers.Chunk(500 / parts).Aggregate(default(Moments), (sum, part) => sum.And(Moments.Of(part)));
        double[] some = [.. numbers.Where(number => !double.IsNaN(number))];
        double mean = some.Average();
        Assert.Equal(some.Length, total.Count);
        Assert.Equal(mean, total.Mean, 1e-6);
        Assert.Equal(Math.Sqrt(some.Average(number => (number - mean) * (number - mean))), total.Deviation, 1e-9);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1_699_999_999.7)]
    public void Moments_OfAConstant_AreThatConstantWithoutDeviation(double constant)
    {
        double[] numbers = [.. Enumerable.Repeat(constant, 340)];

        Moments total = numbers.Chunk(70).Aggregate(default(Moments), (sum, part) => sum.And(Moments.Of(part)));

        Assert.Equal(new Moments(340, constant, 0), total);
    }

    [Fact]
    public void Column_IsOfNumbers_WhenMostOfItsCellsAre()
    {
        IReadOnlyList<SpecProblem> problems = Problems(new MemorySource
        {
            Names = ["late", "text", "few"], Types = [null, null, null],
            Rows = [["none", "x", 1.0], [1.0, "y", "z"], [2.0, "x", "z"], [3.0, 1.0, 3.0], ["?", "x", "z"]],
        });
        Assert.Equal(
            ["found 'none' in column 'late' at row 0", "found '?' in column 'late' at row 4"],
            problems.Select(problem => problem.ToString().Split(": ")[1].Split(", expected")[0]));
        Assert.EndsWith("expected a number; correct it", problems[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2021-01-31", "name the column in data.time if it is the time of the rows")]
    [InlineData("31.01.2021 12:00", "name the column in data.time if it is the time of the rows")]
    [InlineData("31.01.2021.5", "correct it")]
    public void Cell_OfATime_IsNamedAsSuch(string cell, string remedy) => Assert.EndsWith(
        $"expected a number; {remedy}",
        Problems(new MemorySource { Names = ["a"], Types = [null], Rows = [[1.0], [cell], [2.0]] })[0].ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void Columns_ThatShareAName_AreRefused() => Assert.Equal(
        $"data.source: found 2 columns named 'a' in {_directory.File("x.memory")}, expected a different name for each column; rename one",
        Assert.Single(Problems(new MemorySource { Names = ["a", "b", "a"], Types = [null, null, null], Rows = [[1.0, 2.0, 3.0]] }))
            .ToString());

    [Fact]
    public void RawTable_ReadsItsBlocks_FromMemoryAndFromAFile()
    {
        using var memory = new RawTable();
        using var file = new RawTable(largestInMemory: 600_000);
        var block = new TableBlock([.. Enumerable.Range(0, 3).Select(i => new ChosenColumn(i, $"{i}", CellType.Number))]);
        for (int i = 0; i < 4; i++)
        {
            for (int column = 0; column < 3; column++)
                block.Column(column).Fill((10 * i) + column);
            block.Rows = block.Capacity - i;
            memory.Add(block);
            file.Add(block);
        }

        foreach (RawTable table in (RawTable[])[memory, file])
        {
            Assert.Equal((4, (4L * block.Capacity) - 6), (table.Blocks, table.Rows));
            table.Read(2, block);
            Assert.Equal((block.Capacity - 2, 21.0), (block.Rows, block.Column(1)[17]));
        }
    }

    [Fact]
    public void FloatTable_ReadsTheSame_FromMemoryAndFromAFile()
    {
        using var memory = new FloatTable(3, 100_000);
        using var file = new FloatTable(3, 100_000, largestInMemory: 600_000);
        for (int row = 0; row < 100_000; row += 2)
        {
            float[] values = [row, row * 0.5f, -row, row + 1, (row + 1) * 0.5f, -row - 1];
            memory.Write(row, values);
            file.Write(row, values);
        }

        memory.Write(7, [0.25f], column: 1);
        file.Write(7, [0.25f], column: 1);
        Assert.Equal((false, true), (memory.IsInFile, file.IsInFile));
        float[] one = new float[300], other = new float[300];
        foreach (int row in new[] { 0, 1, 7, 21_800, 43_600, 65_536, 99_900 })
        {
            memory.Read(row, one);
            file.Read(row, other);
            Assert.Equal(one, other);
            Assert.Equal([row, row == 7 ? 0.25f : row * 0.5f, -row], other[..3]);
        }
    }

    private IDataSource Open(MemorySource source) => Given.Open(Spec(source));

    private IReadOnlyList<SpecProblem> Problems(MemorySource source) => Given.Problems(Spec(source));

    private DataSpec Spec(MemorySource source) => new()
    {
        Source = source with { Path = _directory.Write("x.memory", "-") }, BatchSize = 1,
    };
}
