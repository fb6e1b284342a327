using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>What is read of a file that is followed is the same whether it is read on, or from its beginning.</summary>
public sealed class GrowingDataTests : ExtendedData
{
    /// <summary>Pieces end within rows, with rows, and have nothing new.</summary>
    [Theory]
    [InlineData("plain", 7)]
    [InlineData("plain", 150)]
    [InlineData("forward", 31)]
    [InlineData("mask", 31)]
    [InlineData("difference", 31)]
    [InlineData("quoted", 17)]
    [InlineData("jsonl", 53)]
    [InlineData("series", 23)]
    [InlineData("series of differences", 41)]
    [InlineData("bytes", 9)]
    [InlineData("characters", 9)]
    [InlineData("words", 9)]
    public void Data_AreTheSame_ReadOnOrFromTheBeginning(string kind, int piece)
    {
        var (spec, text, parentRows) = Of(kind);
        string file = FileOf(spec);
        byte[] all = System.Text.Encoding.UTF8.GetBytes(text);
        int at = System.Text.Encoding.UTF8.GetByteCount(parentRows);
        File.WriteAllBytes(file, all[..at]);
        RunSpec child = Following(Parent.Write(Directory, spec));
        if (!child.Data.IsStream)
            child = child with { Data = child.Data with { BatchSize = 4 } };
        var opened = new List<PreparedRun> { Parent.Open(child) };

        int grown = 0;
        for (; at < all.Length; at = Math.Min(all.Length, at + piece))
        {
            Append(file, all[..at]);
            PreparedRun now = opened[^1].TryGrow() ?? throw new InvalidOperationException("the file was not read on");
            opened.Add(now);
            grown += now.End > opened[^2].End ? 1 : 0;
            using PreparedRun fresh = Parent.Open(child);

            Assert.Equal(fresh.Files, now.Files);
            Assert.Equal(fresh.MissingRows, now.MissingRows);
            Same(fresh, now);
            Assert.Equal(fresh.Description.Training, now.Description.Training);
            Assert.Equal(fresh.Description.Followed, now.Description.Followed);
            Assert.Equal(fresh.Description.Contents.Columns.Select(one => (one.Name, one.Count, one.Missing, one.Min, one.Max)),
                now.Description.Contents.Columns.Select(one => (one.Name, one.Count, one.Missing, one.Min, one.Max)));
            Assert.Null(now.FindChange());
            Assert.Null(now.FindDifference(opened[0].Files));
        }

        Assert.True(grown > 1);

        // Those that were opened before are as they were.
        foreach (PreparedRun one in opened)
        {
            using var fresh = PreparedRun.Prepare(child, reader: SpecLoader.Reader, end: one.End);
            Same(fresh, one);
        }

        opened.ForEach(one => one.Dispose());
    }

    /// <summary>Memory has room for 16 MiB; what is beyond that goes to a file, while others read.</summary>
    [Fact]
    public void Table_MovesToAFile_WhileItGrows()
    {
        var table = new FloatTable(3, 2, largestInMemory: 200);
        table.Write(0, [1, 2, 3, 4, 5, 6]);
        for (int row = 2; row < 50; row++)
        {
            table.Append([row, row + 0.25f, row + 0.5f]);
            var last = new float[3];
            table.Read(row, last);
            Assert.Equal([row, row + 0.25f, row + 0.5f], last);
        }

        var first = new float[9];
        table.Read(0, first);
        Assert.Equal([1, 2, 3, 4, 5, 6, 2, 2.25f, 2.5f], first);
        Assert.Equal((50, true), (table.Rows, table.IsInFile));
        table.Dispose();
    }

    /// <summary>A file that is not what was read is opened anew, which says what is wrong with it.</summary>
    [Theory]
    [InlineData("replaced")]
    [InlineData("rewritten")]
    [InlineData("shorter")]
    public void File_IsNotReadOn_WhereItIsNotWhatItWas(string how)
    {
        RunSpec child = Following(Stream(rows: 41));
        using PreparedRun run = Parent.Open(child);
        string text = File.ReadAllText(Csv);

        switch (how)
        {
            case "replaced":
                File.WriteAllText(Csv + ".next", text + "41\n");
                File.Move(Csv + ".next", Csv, overwrite: true);
                break;
            case "rewritten":
                File.WriteAllText(Csv, text.Replace("\n7\n", "\n8\n", StringComparison.Ordinal) + "41\n");
                break;
            default:
                File.WriteAllText(Csv, text[..^3]);
                break;
        }

        Assert.Null(run.TryGrow());
        Assert.Equal(how == "replaced", run.FindDifference(run.Files) is null);
    }

    [Fact]
    public void File_IsFollowedByOneReaderAtATime()
    {
        RunSpec child = Following(Stream(rows: 41));
        using PreparedRun run = Parent.Open(child);
        Append(41, 60);
        using PreparedRun? first = run.TryGrow();
        Append(60, 70);

        Assert.NotNull(first);
        Assert.Null(run.TryGrow());
        using PreparedRun? second = first.TryGrow();
        Assert.Equal(20, second!.Data.Training.Length(0));
    }

    [Theory]
    [InlineData("nonsense\n", "'nonsense'.*d.csv:44")]
    [InlineData("\n43\n", "d.csv:44")]
    public void Rows_ThatCannotBeRead_AreRefusedWithTheirLine(string row, string message)
    {
        RunSpec child = Following(Stream(rows: 41));
        using PreparedRun run = Parent.Open(child);
        Append(41, 42);
        using PreparedRun? grown = run.TryGrow();
        File.AppendAllText(Csv, row);

        var error = Assert.Throws<SpecException>(() => grown!.TryGrow());

        Assert.Matches(message, error.Problems[0].ToString());
    }

    private static void Same(PreparedRun expected, PreparedRun actual)
    {
        (ISequenceSet one, ISequenceSet other) = (expected.Data.Training, actual.Data.Training);
        Assert.Equal(one.Count, other.Count);
        int width = expected.Data.Shape.InputFeatures;
        for (int sequence = 0; sequence < one.Count; sequence++)
        {
            Assert.Equal((one.Length(sequence), one.Continues(sequence), one.SeriesOf(sequence)),
                (other.Length(sequence), other.Continues(sequence), other.SeriesOf(sequence)));
            if (width == 0)
            {
                Assert.Equal(one.Tokens(sequence), other.Tokens(sequence));
                Assert.Equal(one.Classes(sequence), other.Classes(sequence));
                continue;
            }

            if (expected.Data.Shape.Codes > 0)
                Assert.Equal(one.Tokens(sequence), other.Tokens(sequence));
            Assert.Equal(one.Inputs(sequence, width), other.Inputs(sequence, width));
            Assert.Equal(one.Targets(sequence), other.Targets(sequence));
        }

        ChunkPlan plan = new EpochPlans(expected.Spec, expected.Data).Training(0);
        ChunkPlan same = new EpochPlans(actual.Spec, actual.Data).Training(0);
        Assert.Equal(plan.Steps, same.Steps);
        for (long step = 0; step < plan.Steps; step++)
            Assert.Equal(Enumerable.Range(0, plan.Lanes).Select(lane => plan[step, lane]),
                Enumerable.Range(0, plan.Lanes).Select(lane => same[step, lane]));
    }

    private static RunSpec Following(RunSpec child) => child with { Extends = child.Extends! with { Follow = true } };

    private static string FileOf(RunSpec spec) => spec.Data.Source.Paths[0];

    private static void Append(string file, byte[] text)
    {
        using var stream = new FileStream(file, FileMode.Append);
        stream.Write(text.AsSpan((int)stream.Length));
    }

    private (RunSpec Spec, string Text, string Parent) Of(string kind)
    {
        const int Parent = 41, All = 120;
        string json = Directory.File("d.jsonl"), text = Directory.File("t.txt");
        switch (kind)
        {
            case "bytes" or "characters" or "words":
                string[] words = ["ab", "cé", "d\u00a0e", "f\n", "g\r\n", "\n"];
                string all = string.Concat(Enumerable.Range(0, All).Select(i => words[i * i % words.Length] + (i % 4 == 0 ? "\n" : " ")));
                int end = all.IndexOf('\n', all.Length / 3) + 1;
                return (Text(kind, text), all, all[..end]);
            case "jsonl":
                return Rows(
                    new JsonLinesSource { Path = json, Inputs = ["x", "y"], Targets = ["x"], MissingValues = MissingValues.Forward }, "",
                    i => i % 5 == 3 ? $"{{\"x\":{i}}}\n" : $"{{\"y\":{i % 7},\"x\":{i}}}\n");
            case "quoted":
                return Rows(
                    new CsvSource { Path = Csv, Inputs = ["x"], Targets = ["x"], Categorical = ["kind"], Comment = "#", SkipRows = 1 },
                    "a \" remark\nx;kind\n", i => (i % 9 == 4 ? "# it's 5\"\n" : "") + $"{i};\"a\n{i % 3}\"\n");
            case "series" or "series of differences":
                return Rows(
                    new CsvSource
                    {
                        Path = Csv, Inputs = ["x"], Series = "shop", MissingValues = MissingValues.Forward, Scale = TableScale.Column,
                        Transform = kind == "series" ? new([]) : new([new("x", ColumnTransform.Difference)]),
                    },
                    "shop,x\n",
                    i => $"{(i < 2 * Parent ? "ab"[i % 2] : "aabbbcad"[i % 8])},{(i > 90 && i % 5 == 3 ? "" : $"{i * i % 37}")}\n", 2);
            default:
                return Rows(
                    new CsvSource
                    {
                        Path = Csv, Inputs = ["x", "y"], Targets = ["x"],
                        MissingValues = kind == "mask" ? MissingValues.Mask : MissingValues.Forward,
                        Transform = kind == "difference" ? new([new("x", ColumnTransform.Difference)]) : new([]),
                    },
                    "x,y\n", i => $"{i * i % 37},{(kind != "plain" && i % 5 == 3 ? "" : $"{i % 7}")}\n");
        }

        (RunSpec, string, string) Rows(TableSource source, string head, Func<int, string> row, int series = 1)
        {
            string Text(int rows) => head + string.Concat(Enumerable.Range(0, rows).Select(row));
            return (Given.Spec(new() { Source = source, BatchSize = series == 1 ? 1 : series }), Text(series * All), Text(series * Parent));
        }
    }
}
